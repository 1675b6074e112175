/* One transcript at a time, by keyboard or by mouse. A label is stored before the page goes on. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;
  const $ = (id) => document.getElementById(id);
  const FOLDS = ["tight", "tighter", "tightest"];
  const SKIPPED = `gyges-label-skipped ${window.location.pathname}`;

  let all; // what the session says of itself
  let items; // what was said of each item, by place
  let place = 0;
  let shown = null; // the item on the page
  let chosen = {}; // what is chosen on the page and not stored yet: labels or criteria
  let marked = 0; // the criterion that y and x answer
  let queue = Promise.resolve();
  let typing = 0; // goes up when keys that still wait would mean something else than they were pressed for
  let dropped = 0;
  let finished = false;
  const trail = [];
  const skipped = new Set(); // names of items
  const fetched = new Map();

  const kind = () => all.question.kind;
  const several = () => kind() === "labels" || kind() === "criteria";
  const labelled = (item) => item.label !== undefined;
  const count = () => items.filter(labelled).length;
  const percent = (share) => `${Math.round(share * 100)}\u00a0%`;

  async function ask(path, record) {
    const options = record === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(record) };
    let answer;
    try {
      answer = await fetch(path, options);
    } catch {
      throw new Error("The program that keeps the labels does not answer. What was stored is safe: start gyges label again and go on from here.");
    }
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    return found;
  }

  function trouble(error) {
    $("trouble").textContent = error ? error.message : "";
    $("trouble").hidden = !error;
  }

  /* What comes next */

  function next(from) {
    for (let step = 1; step <= items.length; step += 1) {
      const at = (from + step) % items.length;
      if (!labelled(items[at]) && !skipped.has(items[at].item)) return at;
    }
    return -1;
  }

  function load(at) {
    const { item } = items[at];
    if (!fetched.has(item)) {
      fetched.set(item, ask(`item/${item}`));
      fetched.get(item).catch(() => fetched.delete(item));
    }
    return fetched.get(item);
  }

  async function show(at, remember = true) {
    delete document.body.dataset.ready;
    const item = await load(at);
    if (remember && shown) trail.push(place);
    place = at;
    shown = item;
    const { label, labels, criteria } = items[at];
    chosen = { label, labels: new Set(labels || []), criteria: new Map(Object.entries(criteria || {})) };
    marked = 0;
    draw();
    const after = next(at);
    if (after >= 0) load(after).catch(() => {});
    // Only the item that was on the page before, and the one to come, are kept.
    for (const name of fetched.keys()) {
      if (name !== item.item && name !== items[after]?.item) fetched.delete(name);
    }
    document.body.dataset.ready = item.item;
  }

  async function goOn() {
    const at = next(place);
    if (at >= 0) await show(at);
    else await end();
  }

  async function goBack() {
    if (!$("end").hidden) {
      $("end").hidden = true;
      $("work").hidden = false;
      await show(place, false);
    } else if (trail.length) {
      await show(trail.pop(), false);
    } else if (place > 0) {
      await show(place - 1, false);
    } else {
      say("This is the first transcript.");
    }
  }

  /* What the page shows */

  const say = (text) => { $("last").textContent = text; };

  function draw() {
    $("work").hidden = false;
    $("end").hidden = true;
    $("where").textContent = `Transcript ${place + 1} of ${items.length}`;
    $("parts").replaceChildren(...shown.parts.map((part) => h(
      "section", { class: `text ${part.part}` },
      h("h3", {}, part.name[0].toUpperCase() + part.name.slice(1)), gyges.prose(part.text),
    )));
    $("ask-text").textContent = all.texts[shown.text].ask;
    const stored = items[place];
    $("note").value = stored.note || "";
    noteBox(false);
    drawCount();
    drawChoice();
    drawOthers();
    window.scrollTo(0, 0);
    $("choices").scrollTop = 0;
    $("where").focus({ preventScroll: true });
  }

  function drawCount() {
    const done = count();
    $("count").textContent = `${done} labelled${skipped.size ? `, ${skipped.size} skipped` : ""}`;
    $("progress").max = Math.max(1, items.length);
    $("progress").value = done;
    $("progress").textContent = `${done} of ${items.length}`;
  }

  function key(at) {
    return at < 9 ? h("kbd", {}, String(at + 1)) : h("kbd", { "aria-hidden": "true" }, "·");
  }

  function drawChoice() {
    const options = all.texts[shown.text].options;
    const box = $("options");
    box.className = kind();
    box.replaceChildren(...options.map((option, at) => (kind() === "criteria" ? criterion(option, at) : choice(option, at))));
    $("undecided").setAttribute("aria-pressed", String(chosen.label === "undecided"));
    $("skip").lastElementChild.textContent = labelled(items[place]) ? "Go on" : "Skip";
    $("back").disabled = !trail.length && place === 0;
    $("note-open").lastElementChild.textContent = items[place].note ? "Note ✓" : "Note";
    $("confirming").hidden = !several();
    if (several()) drawConfirm(options);
    fit();
  }

  /** Fold what the labels mean, first to two lines, then to that of the marked criterion, then away, until every label is in view. */
  function fit() {
    const panel = $("deciding");
    panel.classList.remove(...FOLDS);
    for (const name of FOLDS) {
      if ($("choices").scrollHeight <= $("choices").clientHeight + 1) break;
      panel.classList.add(name);
    }
  }

  function choice(option, at) {
    const on = kind() === "labels" ? chosen.labels.has(option.id) : chosen.label === option.id;
    return h(
      "button", { type: "button", class: "option", "aria-pressed": String(on), "aria-keyshortcuts": at < 9 ? String(at + 1) : null, click: () => actHere(() => pick(at)) },
      key(at), h("b", {}, option.id), h("span", { class: "means" }, option.means),
    );
  }

  function criterion(option, at) {
    const said = chosen.criteria.get(option.id);
    const name = `criterion-${at}`;
    const button = (value, text) => h(
      "button", { type: "button", "aria-pressed": String(said === value), "aria-describedby": name, click: () => actHere(() => answer(at, value)) }, text,
    );
    return h(
      "div", { class: `option criterion${at === marked ? " marked" : ""}`, role: "group", "aria-labelledby": name },
      key(at),
      h("b", { id: name }, option.id, option.required ? "" : h("span", { class: "optional" }, " (recorded only)")),
      h("span", { class: "means" }, option.means),
      h("div", { class: "answers" }, button(true, "Yes"), button(false, "No")),
    );
  }

  function drawConfirm(options) {
    if (kind() === "labels") {
      const found = chosen.labels.size;
      $("confirm").replaceChildren(h("kbd", {}, "Enter"), found ? ` Confirm ${found}` : " None of these");
      $("follows").textContent = "";
      return;
    }
    const open = options.filter((option) => !chosen.criteria.has(option.id)).length;
    const yes = options.every((option) => !option.required || chosen.criteria.get(option.id));
    $("confirm").replaceChildren(h("kbd", {}, "Enter"), " Confirm");
    $("confirm").disabled = open > 0;
    $("follows").textContent = open ? `${open} to answer` : `makes: ${yes ? "yes" : "no"}`;
  }

  const inWords = (said) => (said.label === "undecided" ? "undecided" : said.labels ? said.labels.join(", ") || "none of them" : said.label);

  function drawOthers() {
    const said = shown.others || [];
    $("others").hidden = !said.length;
    if (!said.length) return;
    $("others").replaceChildren(
      "The raters had said:",
      h("ul", {}, ...said.map((one) => h("li", {}, h("b", {}, one.rater), `: ${inWords(one)}${one.note ? ` (${one.note})` : ""}`))),
      h("button", { type: "button", id: "go-on", click: () => actHere(goOn) }, h("kbd", {}, "Enter"), " Keep yours and go on"),
    );
  }

  /* What the rater does */

  function failed(error) {
    // What was pressed since was meant for the transcripts that would have come.
    typing += 1;
    trouble(error);
  }

  /** Do one thing after the other, and say what went wrong with it. */
  function act(work) {
    queue = queue.then(work).then(() => trouble(null), failed);
  }

  /** Obey a key when those before it are done: none is lost, and none overtakes another. */
  function actKey(name) {
    const pressedAt = typing;
    queue = queue.then(async () => {
      if (pressedAt !== typing) {
        dropped += 1;
        say(`${dropped === 1 ? "One key was" : `${dropped} keys were`} pressed before this was on the page and did nothing: press again.`);
        return;
      }
      dropped = 0;
      await obey(name);
      trouble(null);
    }).catch(failed);
  }

  /** Do something with the transcript that is on the page now; a second click finds it gone and does nothing. */
  function actHere(work) {
    const here = shown;
    act(() => (shown === here ? work() : undefined));
  }

  async function store(said) {
    const at = place;
    const found = await ask("label", { item: items[at].item, ...said });
    const { labelled: _, others, ...state } = found;
    items[at] = state;
    fetched.delete(state.item);
    skipped.delete(state.item);
    keepSkipped();
    drawCount();
    say(`Transcript ${at + 1}: ${inWords(state)}. Stored.`);
    if (others.length) {
      shown.others = others;
      chosen.label = state.label;
      drawChoice();
      drawOthers();
      typing += 1; // what the raters had said is to be read before anything follows from it
      $("go-on").focus();
    } else {
      await goOn();
    }
  }

  function pick(at) {
    const option = all.texts[shown.text].options[at];
    if (!option) return;
    if (kind() === "criteria") {
      marked = at;
      answer(at, !chosen.criteria.get(option.id));
    } else if (kind() === "labels") {
      if (!chosen.labels.delete(option.id)) chosen.labels.add(option.id);
      refresh();
      $("last").textContent = `${option.id}: ${chosen.labels.has(option.id) ? "yes" : "no"}`;
    } else {
      return store({ label: option.id });
    }
    return undefined;
  }

  function answer(at, value) {
    const options = all.texts[shown.text].options;
    chosen.criteria.set(options[at].id, value);
    say(`${options[at].id}: ${value ? "yes" : "no"}`);
    const open = options.findIndex((option) => !chosen.criteria.has(option.id));
    marked = open >= 0 ? open : at;
    refresh();
  }

  /** Draw the choice again without losing the place of who moves by Tab. */
  function refresh() {
    const buttons = () => [...$("options").querySelectorAll("button")];
    const at = buttons().indexOf(document.activeElement);
    if (chosen.label === "undecided") chosen.label = undefined;
    drawChoice();
    if (at >= 0) buttons()[at].focus();
    if (kind() === "criteria") $("options").children[marked].scrollIntoView({ block: "nearest" });
  }

  function confirm() {
    if (kind() === "labels") {
      const options = all.texts[shown.text].options;
      return store({ labels: options.map((option) => option.id).filter((id) => chosen.labels.has(id)) });
    }
    if (!$("confirm").disabled) return store({ criteria: Object.fromEntries(chosen.criteria) });
    say($("follows").textContent);
    return undefined;
  }

  function skip() {
    if (!labelled(items[place])) skipped.add(items[place].item);
    keepSkipped();
    say("");
    return goOn();
  }

  /** What was skipped comes at the end, also after the page was loaded again. */
  function keepSkipped() {
    try { window.sessionStorage.setItem(SKIPPED, JSON.stringify([...skipped])); } catch { /* a browser that keeps nothing */ }
  }

  function findSkipped() {
    let names = [];
    try { names = JSON.parse(window.sessionStorage.getItem(SKIPPED)) || []; } catch { /* as above */ }
    for (const item of items) if (!labelled(item) && names.includes(item.item)) skipped.add(item.item);
  }

  const undecided = () => store({ label: "undecided" });

  function noteBox(open) {
    $("note-box").hidden = !open;
    $("note-open").setAttribute("aria-expanded", String(open));
    if (open) $("note").focus();
  }

  async function storeNote() {
    const note = $("note").value.trim();
    if (note === (items[place].note || "")) return;
    const at = place;
    const { labelled: _, others: __, ...state } = await ask("label", { item: items[at].item, note });
    items[at] = state;
    fetched.delete(state.item);
    if (at === place) $("note-open").lastElementChild.textContent = note ? "Note ✓" : "Note";
    say("Note stored.");
  }

  /* The end */

  async function end() {
    const found = await ask("result");
    const left = found.total - found.labelled;
    $("work").hidden = true;
    $("end").hidden = false;
    $("end-title").textContent = left ? `${found.labelled} of ${found.total} are labelled.` : `All ${found.total} are labelled.`;
    $("end-said").textContent = left
      ? "Those that you skipped can wait, also until another day. How raters agree is shown when everything has a label."
      : `${found.undecided} undecided, ${found.notes} with a note. Everything is stored in the study.`;
    $("end-skipped").hidden = !left;
    $("end-skipped").replaceChildren(h("kbd", {}, "Enter"), ` Go on with the ${left} skipped`);
    $("agreement").replaceChildren(...(found.summary ? agreement(found.summary) : []));
    document.body.dataset.ready = "end";
    window.scrollTo(0, 0);
    $("end-title").focus({ preventScroll: true });
  }

  function again() {
    skipped.clear();
    keepSkipped();
    return goOn();
  }

  function agreement(summary) {
    if (all.settling) return [];
    const raters = summary.raters.length;
    if (raters < 2) return [h("section", {}, h("p", {}, "Nobody else has labelled these transcripts yet; a second rater shows how far labels can be trusted."))];
    const whole = summary.pairs.filter((pair) => pair.what === "label" || pair.what === "all");
    const parts = summary.pairs.filter((pair) => !whole.includes(pair));
    return [
      ...whole.map(between),
      ...(parts.length ? [each(parts)] : []),
      ...(raters > 2 ? [together(summary.together[0])] : []),
    ];
  }

  const interval = (rate) => `${percent(rate.value)} (95\u00a0% interval ${Math.round(rate.low * 100)} to ${percent(rate.high)})`;
  const kappa = (value) => (value === null ? "not defined" : value.toFixed(2).replace("-", "\u2212"));

  function between(pair) {
    const [one, other] = pair.raters;
    const labels = [...new Set([...Object.keys(pair.confusion), ...Object.values(pair.confusion).flatMap(Object.keys)])].sort();
    const shares = pair.shares.map((share) => Object.entries(share).map(([label, value]) => `${label} ${percent(value)}`).join(", "));
    return h(
      "section", {},
      h("h3", {}, `${one} and ${other}`),
      h("p", { class: "said" }, pair.agreement
        ? `The same label on ${pair.agree} of the ${pair.both_decided} transcripts that both decided: ${interval(pair.agreement)}. Cohen's kappa ${kappa(pair.kappa)}.`
        : "No transcript has been decided by both."),
      pair.agreement_weighted ? h("p", { class: "note" }, `In all answers of the study, by the weights of the sample: ${interval(pair.agreement_weighted)}.`) : null,
      h("p", { class: "note" }, `Base rate: ${one} ${shares[0] || "none"}; ${other} ${shares[1] || "none"}. Undecided: ${pair.undecided_first} and ${pair.undecided_second}.`),
      pair.trials ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Labels of ${one} and ${other}` }, h(
        "table", { class: "numbers" },
        h("caption", {}, `Rows: ${one}. Columns: ${other}.`),
        h("thead", {}, h("tr", {}, h("td"), ...labels.map((label) => h("th", { scope: "col" }, label)))),
        h("tbody", {}, ...labels.map((row) => h("tr", {}, h("th", { scope: "row", class: "text" }, row), ...labels.map((column) => h("td", { class: row === column ? "same" : null }, String((pair.confusion[row] || {})[column] || 0)))))),
      )) : null,
    );
  }

  function each(pairs) {
    return h(
      "section", {},
      h("h3", {}, "One by one"),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Agreement one by one" }, h(
        "table", { class: "numbers" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "text" }, "Raters"), ...["What", "Same", "Both decided", "Kappa", "Yes"].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, ...pairs.map((pair) => h(
          "tr", {}, h("th", { scope: "row", class: "text" }, pair.raters.join(", ")),
          h("td", {}, pair.what), h("td", {}, pair.agreement ? percent(pair.agreement.value) : "–"), h("td", {}, String(pair.both_decided)),
          h("td", {}, kappa(pair.kappa)), h("td", {}, pair.shares.map((share) => percent(share.yes || 0)).join(", ")),
        ))),
      )),
    );
  }

  function together(found) {
    return h("section", {}, h("h3", {}, "All raters together"), h("p", { class: "said" }, `Krippendorff's alpha (${found.metric}) ${kappa(found.alpha)}, on ${found.trials} transcripts with at least two labels.`));
  }

  async function finish() {
    await ask("finish", {});
    finished = true;
    $("end-title").textContent = "Finished.";
    $("end-said").textContent = "Everything is stored. You can close this page.";
    $("end-moves").hidden = true;
  }

  /* Keys */

  const KEYS = {
    u: undecided,
    s: skip,
    b: goBack,
    Backspace: goBack,
    n: () => { typing += 1; noteBox(true); },
    y: () => { if (kind() === "criteria") answer(marked, true); },
    x: () => { if (kind() === "criteria") answer(marked, false); },
  };

  const digit = (name) => /^[1-9]$/.test(name);

  function obey(name) {
    if (!$("end").hidden) {
      if (name === "b" || name === "Backspace") return goBack();
      return name === "Enter" && !$("end-skipped").hidden ? again() : undefined;
    }
    if (!shown || finished) return undefined;
    if (digit(name)) return pick(Number(name) - 1);
    if (name !== "Enter") return KEYS[name]();
    if (several()) return confirm();
    return shown.others?.length || labelled(items[place]) ? goOn() : undefined;
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || finished || !all) return;
    if ($("help").open) return;
    if (event.target === $("note")) {
      if (event.key === "Escape") {
        event.preventDefault();
        act(storeNote);
        noteBox(false);
        $("where").focus({ preventScroll: true });
      }
      return;
    }
    const button = event.target.closest?.("button, a, summary, input");
    if (event.key === "Enter" && button) return;
    if (event.key !== "Enter" && !$("keys-on").checked) return;
    if (event.key === "?") {
      event.preventDefault();
      $("help").showModal();
      return;
    }
    if (event.key !== "Enter" && !digit(event.key) && !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    // A key that is held down counts once.
    if (!event.repeat) actKey(event.key);
  }

  const list = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`);

  function introduce() {
    document.title = `${all.question.title} · Gyges`;
    $("title").textContent = all.question.title;
    $("who").textContent = all.settling ? `${all.rater} settles` : all.rater;
    const apart = [...all.hidden, "who answered", "how it was told that its answers are used", "what anybody else made of it"];
    $("shown").textContent = `Shown: ${list(all.shown)}, as everyone sees it who is asked this question. Not shown: ${list(apart)}. Tags that would tell are cut, but a text may still say in words what it was told; take no account of it.`;
    $("about").textContent = all.question.about;
    $("help").classList.toggle("criteria", kind() === "criteria");
    $("help").classList.toggle("confirm", several());
    if (kind() === "labels") $("help-digits").textContent = "the label with that number applies, or does not";
    if (kind() === "criteria") $("help-digits").textContent = "the criterion with that number is met; again: is not met";
  }

  async function start() {
    all = await ask("session");
    items = all.items;
    findSkipped();
    introduce();
    const first = next(-1);
    if (first >= 0) await show(first);
    else {
      place = Math.max(0, items.length - 1);
      drawCount();
      await end();
    }
  }

  $("undecided").addEventListener("click", () => actHere(undecided));
  $("skip").addEventListener("click", () => actHere(skip));
  $("back").addEventListener("click", () => act(goBack));
  $("confirm").addEventListener("click", () => actHere(confirm));
  $("note-open").addEventListener("click", () => noteBox($("note-box").hidden));
  $("note").addEventListener("change", () => act(storeNote));
  $("end-back").addEventListener("click", () => act(goBack));
  $("end-skipped").addEventListener("click", () => act(again));
  $("finish").addEventListener("click", () => act(finish));
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("meanings").addEventListener("click", () => {
    const open = $("deciding").classList.toggle("open");
    $("meanings").setAttribute("aria-expanded", String(open));
    $("meanings").textContent = open ? "Hide what the labels mean" : "What the labels mean";
    fit();
  });
  window.addEventListener("resize", () => { if (shown) fit(); });
  $("keys-on").checked = gyges.stored("gyges-label-keys") !== "off";
  $("keys-on").addEventListener("change", () => gyges.store("gyges-label-keys", $("keys-on").checked ? "on" : "off"));
  document.addEventListener("keydown", pressed);
  act(start);
})();
