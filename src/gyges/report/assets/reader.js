/* One block, to be read: the question, the prompts and what differs between them, and the arms side by side. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;

  const STATUS = {
    refused: "refused by the provider",
    truncated: "cut off at the token limit",
    empty: "nothing came back",
    unparsed: "no final answer can be told from what came",
    unsupported: "the provider does not take a parameter of this trial, so it was not asked",
    error: "the call failed",
  };
  const VERDICT = {
    refused: "the judge refused to answer",
    unparsed: "the judge's answer could not be read",
    error: "the judge failed",
    no_answer: "there was no answer to judge",
  };

  /** What a reader keeps open from block to block. */
  const open = { prompts: false, reasoning: true, probe: false };

  function badge(text, kind, title) {
    return h("span", { class: `badge ${kind}`, title }, text);
  }

  function outcome(arm, tier) {
    if (arm.outcome) return h("span", { class: "badge outcome" }, gyges.mark(arm.outcome, tier), arm.outcome);
    if (arm.score !== undefined) return h("span", { class: "badge outcome" }, gyges.mark("score only", tier), "score");
    return h("span", { class: "badge outcome none", title: "Missing is never counted as either." }, gyges.mark("no verdict", tier), "no verdict");
  }

  function badges(arm, tier) {
    const box = h("div", { class: "badges" }, outcome(arm, tier));
    if (arm.score !== undefined) box.append(badge(`compliance ${Number(arm.score).toFixed(2)}`, "plain"));
    if (arm.status && arm.status !== "ok") box.append(badge(arm.status, "warn", STATUS[arm.status]));
    if (arm.verdict_status && arm.verdict_status !== "ok") {
      box.append(badge(`judge: ${arm.verdict_status.replaceAll("_", " ")}`, "warn", VERDICT[arm.verdict_status]));
    }
    return box;
  }

  function explained(arm) {
    const said = [];
    if (arm.status && arm.status !== "ok") said.push(`${STATUS[arm.status] || arm.status}${arm.stop && arm.stop !== "stop" ? ` (stop: ${arm.stop})` : ""}`);
    if (arm.verdict_status && arm.verdict_status !== "ok") said.push(VERDICT[arm.verdict_status] || arm.verdict_status);
    if (!said.length && !arm.error) return null;
    const note = h("p", { class: "mishap" });
    const text = said.join("; ");
    note.append(text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "");
    if (arm.error) note.append(" ", gyges.safe(h("code", {}), arm.error));
    return note;
  }

  function folding(title, key, child, size) {
    const box = h("details", { class: `part ${key}`, open: open[key] }, h("summary", {}, h("span", {}, title), h("span", { class: "size" }, size)), child);
    box.addEventListener("toggle", () => {
      if (!box.isConnected || open[key] === box.open) return;
      open[key] = box.open;
      // The two arms are read against each other: what is folded in one is folded in the other.
      for (const other of document.querySelectorAll(`#reader details.${key}`)) other.open = box.open;
    });
    return box;
  }

  const words = (text) => `${gyges.number((text.match(/\S+/g) || []).length)} words`;

  function judgement(arm, lost) {
    const box = h("div", { class: "judgement" });
    if (arm.note) box.append(gyges.safe(h("p", {}, h("b", {}, "Judge: ")), arm.note));
    if (lost.length) {
      box.append(h("p", {}, "The judge quoted what does not stand in this text:"));
      box.append(h("ul", {}, ...lost.map((span) => gyges.safe(h("li", {}), gyges.clip(span, 400)))));
    }
    return box.childElementCount ? box : null;
  }

  /** A turn of a session: who, and what was said or done. */
  function turn(kind, who, body) {
    return h("div", { class: `turn ${kind}` }, h("span", { class: "who" }, who), body);
  }

  /** A step of a session: the user's turn, what the subject thinks, says and calls, and what the tools give back. */
  function step([name, messages], shown) {
    const box = h("section", { class: "session-step", "aria-label": `step ${name}` }, gyges.safe(h("h6", {}), name));
    for (const [role, text, calls, reasoning, error] of messages) {
      if (reasoning) box.append(folding("Reasoning", "reasoning", shown(reasoning), words(reasoning)));
      if (role === "user") box.append(turn("user", "user", shown(text)));
      else if (role === "tool") box.append(turn(error ? "result failed" : "result", error ? "result: nothing was done" : "result", shown(text)));
      else if (text) box.append(turn("said", "subject", shown(text)));
      for (const call of calls) box.append(turn("call", "calls", shown(call)));
    }
    if (!messages.length) box.append(h("p", { class: "nothing" }, "Nothing came."));
    return box;
  }

  /** One arm. Pressing a chip marks other evidence, so the texts are drawn again; what is folded stays folded. */
  function column(tier, arm, table) {
    const head = h("header", { class: "arm-head" }, h("h4", { class: `tier ${gyges.tierClass(tier)}` }, tier));
    const box = h("section", { class: `arm ${gyges.tierClass(tier)}`, "aria-label": `${tier} arm` }, head);
    if (!arm) {
      box.classList.add("missing");
      box.append(h("p", { class: "mishap" }, `This block has no ${tier} trial: none was asked, or it is lost. It counts as neither.`));
      return box;
    }
    head.append(badges(arm, tier));
    const chips = gyges.chips(arm, table, tier);
    if (chips) box.append(chips);
    const slot = h("div", { class: "verdict-slot" });
    if (chips) box.append(slot);
    const texts = [];
    const shown = (text) => {
      const holder = h("div", { class: "marked" });
      texts.push([holder, text]);
      return holder;
    };
    const lead = (quote) => {
      const mark = [...box.querySelectorAll("mark")].find((one) => one.spans.includes(quote));
      if (!mark) return;
      for (let part = mark.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
      mark.scrollIntoView({ block: "center" });
      mark.classList.add("found");
      setTimeout(() => mark.classList.remove("found"), 1500);
    };
    const paint = () => {
      const verdict = gyges.chosenVerdict(arm);
      const spans = verdict ? gyges.spansOf(verdict) : gyges.anyChosen() ? [] : arm.evidence || [];
      const found = new Set();
      for (const [holder, text] of texts) {
        const marked = gyges.evidence(text, spans);
        for (const span of marked.found) found.add(span);
        holder.replaceChildren(gyges.prose(text, marked.ranges));
      }
      slot.replaceChildren(...[gyges.details(arm, table, found, lead)].filter(Boolean));
      return found;
    };
    const mishap = explained(arm);
    if (mishap) box.append(mishap);
    const apart = arm.steps && arm.steps.some(([, messages]) => messages.some((one) => one[3]));
    if (arm.reasoning && !apart) box.append(folding("Reasoning", "reasoning", shown(arm.reasoning), words(arm.reasoning)));
    if (arm.steps) {
      box.append(h("div", { class: "part answer-part session" }, h("h5", {}, "What was said and done"), ...arm.steps.map((one) => step(one, shown))));
    } else if (arm.output) {
      box.append(h("div", { class: "part answer-part" }, h("h5", {}, "Answer"), shown(arm.output)));
    } else if (arm.raw) {
      box.append(h("div", { class: "part answer-part raw" }, h("h5", {}, "The completion as it came"), shown(arm.raw)));
    } else {
      box.append(h("div", { class: "part answer-part" }, h("h5", {}, "Answer"), h("p", { class: "nothing" }, "There is none.")));
    }
    box.append(...gyges.probes(arm, folding, shown));
    paint();
    gyges.onChoice(paint);
    const quoted = (arm.evidence || []).filter((span) => span.trim());
    const stands = new Set(texts.flatMap(([, text]) => [...gyges.evidence(text, quoted).found]));
    const judged = judgement(arm, quoted.filter((span) => !stands.has(span)));
    if (judged) box.append(judged);
    if (arm.output && arm.raw) box.append(h("details", { class: "part raw" }, h("summary", {}, h("span", {}, "As it came"), h("span", { class: "size" }, words(arm.raw))), gyges.prose(arm.raw)));
    const small = [];
    if (arm.output_tokens !== undefined) small.push(`${gyges.number(arm.output_tokens)} tokens`);
    if (arm.seconds !== undefined) small.push(`${Number(arm.seconds).toFixed(1)} s`);
    if (arm.stop && arm.status === "ok") small.push(`stop: ${arm.stop}`);
    if (small.length) box.append(gyges.safe(h("p", { class: "small-print" }), small.join(" · ")));
    return box;
  }

  function message([name, role, text], note, body) {
    const head = h("p", { class: "message-head" }, h("b", {}, role || "message"), ` ${note} `, h("code", { title: "the message's hash" }, name));
    const shown = body || (text === null ? h("p", { class: "nothing" }, "The study no longer holds this message.") : gyges.prose(text));
    return h("div", { class: "message" }, head, shown);
  }

  /** The prompts: what both arms share is shown once, what differs is compared word by word. */
  async function prompts(table, arms) {
    const sent = await Promise.all(arms.map(async ([tier, arm]) => [tier, await Promise.all(arm.messages.map(table.message))]));
    const box = h("div", {});
    const [first, second, ...others] = sent;
    if (!second) {
      for (const part of first[1]) box.append(message(part, `${first[0]} arm only`));
      return box;
    }
    const names = [first[0], second[0]];
    for (let i = 0; i < Math.max(first[1].length, second[1].length); i += 1) {
      const [a, b] = [first[1][i], second[1][i]];
      if (!a || !b) box.append(message(a || b, `only in the ${a ? names[0] : names[1]} arm`));
      else if (a[0] === b[0]) box.append(message(a, "the same in both arms"));
      else if (a[2] === null || b[2] === null) box.append(message(a, names[0]), message(b, names[1]));
      else box.append(message([`${a[0]} / ${b[0]}`, a[1] === b[1] ? a[1] : `${a[1]} / ${b[1]}`, ""], "differs between the arms", gyges.compared(a[2], b[2], names)));
    }
    for (const [tier, parts] of others) for (const part of parts) box.append(message(part, `${tier} arm`));
    return box;
  }

  function promptPart(table, arms) {
    const asked = arms.filter(([, arm]) => arm && arm.messages.length);
    if (!asked.length) return null;
    const inside = h("div", { class: "messages" });
    const legend = h("span", { class: "size" }, ...(asked.length > 1
      ? ["words of one arm alone: ", ...asked.slice(0, 2).map(([tier]) => h("span", { class: `only ${gyges.tierClass(tier)}` }, tier))]
      : []));
    const box = h("details", { class: "part prompts", open: open.prompts }, h("summary", {}, h("span", {}, "Prompts"), legend), inside);
    const fill = async () => {
      if (!box.open || inside.dataset.filled) return;
      inside.dataset.filled = "yes";
      try {
        inside.append(await prompts(table, asked));
      } catch (error) {
        inside.append(h("p", { class: "mishap" }, error.message));
      }
    };
    box.addEventListener("toggle", () => {
      open.prompts = box.open;
      fill();
    });
    fill();
    return box;
  }

  /** Draw a block. */
  gyges.read = function read(target, table, block, tools) {
    const arms = new Map(block.arms);
    const tiers = [...new Set(["monitored", "unmonitored", ...arms.keys()])];
    const facts = [
      ["subject", block.subject], ["setting", block.setting], ["value", block.value],
      ["control", block.control ? "no conflict" : ""], ["query", block.query],
      ["wording", block.wording], ["sample", block.sample], ...block.factors,
    ].filter(([, level]) => level !== "" && level !== null && level !== undefined);
    const list = h("dl", { class: "block-facts" });
    for (const [name, level] of facts) {
      list.append(h("div", {}, gyges.safe(h("dt", {}), name), gyges.safe(h("dd", {}), typeof level === "object" ? JSON.stringify(level) : String(level))));
    }
    gyges.newBlock();
    const question = gyges.prose(block.query_text || String(block.query));
    question.classList.add("asked");
    target.replaceChildren(...[
      tools,
      h("h3", { class: "sr" }, `Block ${block.block}`),
      question,
      list,
      promptPart(table, block.arms),
      h("div", { class: `arms of-${Math.min(tiers.length, 3)}` }, ...tiers.map((tier) => column(tier, arms.get(tier), table))),
    ].filter(Boolean));
  };

  /** Open or close every part of a kind, as a key does. */
  gyges.toggle = function toggle(key) {
    const parts = document.querySelectorAll(`#reader details.${key}`);
    const next = parts.length ? !parts[0].open : !open[key];
    open[key] = next;
    for (const part of parts) part.open = next;
  };
})();
