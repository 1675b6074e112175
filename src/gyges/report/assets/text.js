/* Other people's text on our page: what is invisible is shown, what is quoted is marked, what is huge is folded. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;
  const LIMIT = 20000;

  // Controls, direction marks, invisible characters, tags, lone surrogates; joiners only where letters need none.
  const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]|(?<=[\u0000-\u024f])[\u200c\u200d]|[\u200c\u200d](?=[\u0000-\u024f])/gu;

  const NAMES = {
    0x00: "null", 0x1b: "escape", 0xad: "soft hyphen", 0x200b: "zero-width space", 0x200c: "zero-width non-joiner",
    0x200d: "zero-width joiner", 0x200e: "left-to-right mark", 0x200f: "right-to-left mark",
    0x202a: "left-to-right embedding", 0x202b: "right-to-left embedding", 0x202c: "end of direction",
    0x202d: "left-to-right override", 0x202e: "right-to-left override", 0x2060: "word joiner",
    0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate", 0x2068: "first strong isolate",
    0x2069: "end of isolate", 0xfeff: "byte order mark",
  };

  function hidden(character) {
    const code = character.codePointAt(0);
    const name = code >= 0xd800 && code <= 0xdfff ? "half a character" : code >= 0xe0000 ? "invisible tag" : NAMES[code] || "invisible character";
    const label = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    return h("span", { class: "hidden-character", title: `${label}: ${name}` }, label);
  }

  /** Append text with everything invisible shown. */
  gyges.safe = function safe(target, text) {
    let at = 0;
    for (const found of text.matchAll(HIDDEN)) {
      if (found.index > at) target.append(text.slice(at, found.index));
      target.append(hidden(found[0]));
      at = found.index + found[0].length;
    }
    if (at < text.length) target.append(text.slice(at));
    return target;
  };

  /** Cut text without cutting a character in two. */
  gyges.clip = function clip(text, length) {
    if (text.length <= length) return text;
    const end = /[\ud800-\udbff]/.test(text[length - 1]) ? length - 1 : length;
    return text.slice(0, end);
  };

  /** Where a quoted span stands: as it is, or with other white space. */
  function locate(text, span) {
    const exact = text.indexOf(span);
    if (exact >= 0) return [exact, exact + span.length];
    const words = span.trim().split(/\s+/).filter(Boolean);
    if (!words.length || words.length > 400) return null;
    const found = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+"), "i").exec(text);
    return found && [found.index, found.index + found[0].length];
  }

  /** Where the judge's evidence stands in a text, overlaps joined, and which spans stand in it. A span may have a label. */
  gyges.evidence = function evidence(text, spans) {
    const ranges = [];
    const found = new Set();
    for (const one of spans) {
      const [span, label] = Array.isArray(one) ? one : [one, ""];
      const range = span.trim() && locate(text, span);
      if (!range) continue;
      found.add(span);
      ranges.push([range[0], range[1], label ? [label] : [], [span]]);
    }
    ranges.sort((a, b) => a[0] - b[0]);
    const joined = [];
    for (const range of ranges) {
      const last = joined[joined.length - 1];
      if (last && range[0] <= last[1]) {
        last[1] = Math.max(last[1], range[1]);
        last[2] = [...new Set([...last[2], ...range[2]])];
        last[3].push(...range[3]);
      } else joined.push(range);
    }
    return { ranges: joined, found };
  };

  function fill(target, text, ranges) {
    let at = 0;
    for (const [start, end, labels, spans] of ranges) {
      if (start >= text.length) break;
      gyges.safe(target, text.slice(at, start));
      const label = labels.join(", ");
      const mark = gyges.safe(h("mark", { title: label ? `the judge's evidence: ${label}` : "the judge's evidence", "data-label": label || null }), text.slice(start, end));
      mark.spans = spans;
      target.append(mark);
      at = Math.min(end, text.length);
    }
    gyges.safe(target, text.slice(at));
    return target;
  }

  /** A text to be read: its own direction, its line breaks, its evidence; folded where it is huge. */
  gyges.prose = function prose(text, ranges = []) {
    const box = h("div", { class: "prose", dir: "auto" });
    if (text.length <= LIMIT) return fill(box, text, ranges);
    const start = gyges.clip(text, LIMIT);
    fill(box, start, ranges);
    const beyond = ranges.some(([, end]) => end > start.length) ? "; the judge's evidence stands further down" : "";
    const note = h(
      "p", { class: "folded" },
      `The first ${gyges.number(start.length)} of ${gyges.number(text.length)} characters${beyond}. `,
      h("button", { type: "button", click: () => { box.replaceChildren(); fill(box, text, ranges); note.remove(); } }, "Show all"),
    );
    return h("div", { class: "folding" }, box, note);
  };
})();
