/* What judges said of a trial beside the outcome: a chip for each question, and on demand its quotes in the text. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;

  const FAILED = {
    refused: "the judge refused to answer",
    unparsed: "the judge's answer could not be read",
    error: "the judge failed",
    no_answer: "there was nothing to judge",
  };

  /** The chip that is pressed stays pressed from block to block, in every arm: its number, or -1. */
  let chosen = -1;
  /** What redraws each arm of the block being read. */
  let arms = [];

  /** The answer in a few words, as a chip and a filter name it. */
  function answer(verdict) {
    if (verdict.status !== "ok") return "no verdict";
    const labels = verdict.labels || [];
    if (verdict.kind === "labels" && verdict.label !== "undecided") return labels.join(", ") || "none";
    if (verdict.kind === "causes" && labels.length) return `${labels[0]} first`;
    if (verdict.label) return verdict.label;
    const numbers = (verdict.numbers || []).map(([name, number]) => `${name} ${figure(number)}`);
    return numbers.join(", ") || (verdict.score === undefined ? "no label" : `score ${figure(verdict.score)}`);
  }

  const figure = (number) => (number === null ? "–" : String(Math.round(number * 100) / 100));

  /** How many votes said what the label says, where there were several. */
  function votes(verdict) {
    if (!(verdict.votes > 1)) return "";
    const own = (verdict.tally || []).find(([name]) => name === answer(verdict));
    return own ? `${own[1]} of ${verdict.votes} votes` : `${verdict.votes} votes`;
  }

  function chip(number, verdict, asked) {
    const weak = verdict.status !== "ok";
    const undecided = verdict.label === "undecided";
    const button = h("button", {
      type: "button", class: `chip${weak ? " weak" : ""}${undecided ? " open" : ""}`, "data-verdict": String(number),
      "aria-pressed": String(number === chosen),
      title: `${asked.title}: ${answer(verdict)}, by ${asked.judge}`,
      click: () => gyges.choose(number === chosen ? -1 : number, button),
    });
    button.append(gyges.safe(h("span", { class: "asked-name" }), `${asked.question}: `), gyges.safe(h("b", {}), answer(verdict)));
    const small = [asked.judge, votes(verdict)].filter(Boolean).join(" · ");
    button.append(gyges.safe(h("small", {}), ` ${small}`));
    return button;
  }

  /** The chips of an arm; nothing where nobody was asked. */
  gyges.chips = function chips(arm, table, tier) {
    const verdicts = arm.verdicts || [];
    if (!verdicts.length) return null;
    const list = h("div", { class: "chips", role: "group", "aria-label": `Verdicts on the ${tier} answer` });
    for (const [number, verdict] of verdicts) list.append(chip(number, verdict, table.meta.said[number]));
    return list;
  };

  /** The verdict whose chip is pressed, if this arm has it. */
  gyges.chosenVerdict = function chosenVerdict(arm) {
    const found = (arm.verdicts || []).find(([number]) => number === chosen);
    return found ? found[1] : null;
  };

  /** Whether a chip is pressed anywhere: then the outcome's evidence steps back. */
  gyges.anyChosen = () => chosen >= 0 && Boolean(document.querySelector(`#reader [data-verdict="${chosen}"]`));

  /** Spans to mark, each with the label that it stands for. */
  gyges.spansOf = function spansOf(verdict) {
    const spans = (verdict.quotes || []).map(([label, quote]) => [quote, label]);
    const named = new Set(spans.map(([quote]) => quote));
    for (const quote of verdict.evidence || []) if (!named.has(quote)) spans.push([quote, answer(verdict)]);
    return spans;
  };

  function fact(list, name, ...children) {
    list.append(h("div", {}, gyges.safe(h("dt", {}), name), h("dd", {}, ...children)));
  }

  function said(text) {
    return gyges.safe(h("span", { dir: "auto" }), text);
  }

  /** A text of any length, cut like a quote; the rest on demand. */
  function folded(text) {
    const start = gyges.clip(text, 400);
    if (start.length === text.length) return said(text);
    const box = said(`${start}… `);
    box.append(h("button", { type: "button", class: "rest", click: () => { box.replaceChildren(); gyges.safe(box, text); } }, `Show all ${gyges.number(text.length)} characters`));
    return box;
  }

  /** All that the pressed verdict says: votes, numbers, note, and each quote as a button that leads to its place. */
  gyges.details = function details(arm, table, found, lead) {
    const verdict = gyges.chosenVerdict(arm);
    if (!verdict) return null;
    const asked = table.meta.said[chosen];
    const box = h("div", { class: "verdict-details" });
    box.append(gyges.safe(h("p", { class: "verdict-title" }), `${asked.title}`));
    const list = h("dl", {});
    if (verdict.kind !== "scores" || verdict.status !== "ok") fact(list, "Answer", said(answer(verdict)));
    fact(list, "Judge", said(asked.judge));
    if (verdict.status !== "ok") fact(list, "Status", said(FAILED[verdict.status] || verdict.status));
    if (verdict.kind === "causes" && (verdict.labels || []).length > 1) fact(list, "In order", said(verdict.labels.join(", ")));
    if (verdict.kind === "criteria" && (verdict.labels || []).length) fact(list, "Met", said(verdict.labels.join(", ")));
    if ((verdict.tally || []).length) fact(list, "Votes", said(verdict.tally.map(([name, count]) => `${count} ${name}`).join(", ")));
    else if (verdict.votes > 1) fact(list, "Votes", said(String(verdict.votes)));
    for (const [name, number, kind] of verdict.numbers || []) fact(list, name, said(kind === "shares" ? `${Math.round(number * 100)} % of votes` : figure(number)));
    if (verdict.score !== undefined) fact(list, "Score", said(figure(verdict.score)));
    for (const [name, text] of verdict.also || []) fact(list, name, folded(text));
    if (verdict.note) fact(list, "Note", folded(verdict.note));
    box.append(list);
    const spans = gyges.spansOf(verdict);
    if (spans.length) {
      const quotes = h("ul", { class: "quotes" });
      for (const [quote, label] of spans) {
        const place = found.has(quote);
        const item = h("li", {}, gyges.safe(h("span", { class: "quote-label" }), label), " ");
        const text = `“${gyges.clip(quote, 400)}”`;
        if (place) item.append(gyges.safe(h("button", { type: "button", class: "quote", dir: "auto", click: () => lead(quote) }), text));
        else item.append(said(text), h("em", {}, " (not in this reasoning or answer)"));
        quotes.append(item);
      }
      box.append(quotes);
    }
    return box;
  };

  /** Start a block: forget the arms of the last one. */
  gyges.newBlock = () => { arms = []; };

  /** Register an arm: what redraws it when a chip is pressed. */
  gyges.onChoice = (redraw) => { arms.push(redraw); };

  /** Press a chip, in every arm at once, or let go of it (-1). */
  gyges.choose = function choose(number, from) {
    chosen = number;
    for (const button of document.querySelectorAll("#reader .chip")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.verdict) === chosen));
    }
    for (const redraw of arms) redraw();
    if (from) from.focus({ preventScroll: true });
  };

  /** Press the next chip that the block has, as a key does; after the last none is pressed. */
  gyges.nextVerdict = function nextVerdict() {
    const numbers = [...new Set([...document.querySelectorAll("#reader .chip")].map((one) => Number(one.dataset.verdict)))].sort((a, b) => a - b);
    if (!numbers.length) return;
    const next = numbers.find((number) => number > chosen);
    gyges.choose(next === undefined ? -1 : next);
  };

  /** What the subject said when it was asked about its answer, folded. */
  gyges.probes = function probes(arm, folding, shown) {
    return (arm.probes || []).map((probe) => {
      const inside = h("div", {});
      if (probe.status !== "ok") inside.append(gyges.safe(h("p", { class: "mishap" }), `No answer to the probe: ${probe.error || probe.status}`));
      if (probe.reasoning) inside.append(h("h5", {}, "Reasoning"), shown(probe.reasoning));
      if (probe.output) inside.append(shown(probe.output));
      const title = h("span", {}, "Probe ");
      gyges.safe(title, probe.probe);
      return folding(title, "probe", inside, probe.output ? "" : probe.status);
    });
  };
})();
