/* What differs between two texts, by words; by lines where the texts are long. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;
  const CELLS = 2.5e6;
  const WORDS = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
  const LINES = /[^\n]*\n|[^\n]+$/g;

  /** The longest common subsequence of two lists of pieces, as [kind, text] runs: both, first, second. */
  function runs(a, b) {
    const width = b.length + 1;
    const longest = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i -= 1) {
      for (let j = b.length - 1; j >= 0; j -= 1) {
        longest[i * width + j] = a[i] === b[j]
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
      }
    }
    const out = [];
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) {
        out.push(["both", a[i]]);
        i += 1;
        j += 1;
      } else if (j === b.length || (i < a.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
        out.push(["first", a[i]]);
        i += 1;
      } else {
        out.push(["second", b[j]]);
        j += 1;
      }
    }
    return out;
  }

  function joined(parts) {
    const out = [];
    for (const [kind, text] of parts) {
      if (!text) continue;
      const last = out[out.length - 1];
      if (last && last[0] === kind) last[1] += text;
      else out.push([kind, text]);
    }
    return out;
  }

  /** Compare two texts: [kind, text] runs in reading order. */
  gyges.compare = function compare(first, second) {
    for (const pieces of [WORDS, LINES]) {
      const a = first.match(pieces) || [];
      const b = second.match(pieces) || [];
      let start = 0;
      while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
      let end = 0;
      while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
      const left = a.slice(start, a.length - end);
      const right = b.slice(start, b.length - end);
      if ((left.length + 1) * (right.length + 1) > CELLS) continue;
      const before = ["both", a.slice(0, start).join("")];
      const after = ["both", end ? a.slice(a.length - end).join("") : ""];
      return joined([before, ...runs(left, right), after]);
    }
    return joined([["first", first], ["second", second]]);
  };

  /** Show a comparison: words of one arm alone carry its colour, a sign, and its name for those who listen. */
  gyges.compared = function compared(first, second, names) {
    const box = h("div", { class: "prose", dir: "auto" });
    for (const [kind, text] of gyges.compare(first, second)) {
      if (kind === "both") {
        gyges.safe(box, text);
        continue;
      }
      const name = kind === "first" ? names[0] : names[1];
      const span = h("span", { class: `only ${gyges.tierClass(name)}`, title: `only in the ${name} prompt` });
      span.append(h("span", { class: "sr" }, ` [only ${name}: `));
      gyges.safe(span, text);
      span.append(h("span", { class: "sr" }, "] "));
      box.append(span);
    }
    return box;
  };
})();
