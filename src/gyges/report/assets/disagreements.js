/* The trials on which two judges differ: filtered by name, read in pieces, each a script of this folder. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;
  const STEP = 20;
  const CHUNK = /^data\/(meta|cases)-\d{4,}\.js\?b=[0-9a-f]*$/;
  const FACETS = [["subject", "Subject"], ["value", "Value"], ["tier", "Tier"], ["verdicts", "Verdicts"]];
  const OPTIONS = /^(.*?)[\s:]*\s\(?(a|1)[).]\s+(.*?)\s+\(?(b|2)[).]\s+(.*)$/is;
  const pieces = new Map();
  const list = document.getElementById("list");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const form = document.getElementById("filters");
  const judges = [document.body.dataset.first, document.body.dataset.second];
  let meta = null;
  let chosen = [];
  let shown = 0;
  let turn = 0;

  const load = gyges.chunks(CHUNK);

  async function read(number) {
    let at = 0;
    while (at + 1 < meta.starts.length && meta.starts[at + 1] <= number) at += 1;
    if (!pieces.has(at)) pieces.set(at, load("cases", at + 1));
    return (await pieces.get(at))[number - meta.starts[at]];
  }

  function question(text) {
    const found = OPTIONS.exec(text);
    if (!found) return h("div", { class: "asked" }, gyges.prose(text));
    const option = (name, words) => h("li", {}, h("b", {}, `${name})`), gyges.safe(h("span", { dir: "auto" }), words));
    return h(
      "div", { class: "asked" }, gyges.prose(found[1]),
      h("ul", { class: "offered" }, option(found[2], found[3]), option(found[4], found[5])),
    );
  }

  function verdict(judge, answer, note) {
    return h("div", {}, gyges.safe(h("span"), judge), gyges.safe(h("b"), answer), note ? gyges.safe(h("span"), note) : null);
  }

  function card(one) {
    const spans = [...(one.evidence_first || []), ...(one.evidence_second || [])];
    const { ranges } = gyges.evidence(one.output || "", spans);
    const fact = (text) => gyges.safe(h("span"), text || "");
    return h(
      "article", { class: "case", id: `case-${one.trial}`, tabindex: "-1", "aria-label": `Trial ${one.trial}` },
      h(
        "div", { class: "case-head" }, fact(one.subject), fact(one.value),
        h("span", { class: `tier ${gyges.tierClass(one.tier)}` }, one.tier), fact(one.query),
        h("a", { href: `#trial=${encodeURIComponent(one.trial)}` }, one.trial),
      ),
      h(
        "div", { class: "case-body" }, question(one.asked || ""),
        h(
          "div", {},
          h("div", { class: "said" }, verdict(judges[0], one.first, one.note_first), verdict(judges[1], one.second, one.note_second)),
          h("div", { class: "answer-part" }, one.output ? gyges.prose(one.output, ranges) : h("p", { class: "nothing" }, `no answer (${one.status})`)),
        ),
      ),
    );
  }

  function filters() {
    const asked = new URLSearchParams(location.hash.slice(1));
    return { trial: asked.get("trial"), facets: FACETS.map(([name]) => asked.get(name) || "") };
  }

  async function extend() {
    const mine = turn;
    const until = Math.min(shown + STEP, chosen.length);
    more.disabled = true;
    const made = [];
    for (const number of chosen.slice(shown, until)) made.push(card(await read(number)));
    if (mine !== turn) return;
    list.append(...made);
    shown = until;
    more.disabled = false;
    more.hidden = shown >= chosen.length;
    const all = chosen.length === meta.n ? `${gyges.number(meta.n)}` : `${gyges.number(chosen.length)} that fit, of ${gyges.number(meta.n)}`;
    count.textContent = meta.n ? `Showing ${gyges.number(shown)} of ${all}.` : "";
  }

  function apply() {
    const { trial, facets } = filters();
    const codes = FACETS.map(([name], place) => (facets[place] ? meta.names[name].indexOf(facets[place]) : null));
    chosen = [];
    for (let number = 0; number < meta.n; number += 1) {
      const fits = trial
        ? meta.ids[number] === trial
        : FACETS.every(([name], place) => codes[place] === null || meta.columns[name][number] === codes[place]);
      if (fits) chosen.push(number);
    }
    FACETS.forEach(([name], place) => {
      const select = form.elements[name];
      if (!select) return;
      select.value = trial ? "" : facets[place];
      select.classList.toggle("chosen", select.value !== "");
    });
    turn += 1;
    shown = 0;
    list.replaceChildren();
    return extend();
  }

  function build() {
    const changed = () => {
      const next = new URLSearchParams();
      for (const [name] of FACETS) if (form.elements[name] && form.elements[name].value) next.set(name, form.elements[name].value);
      history.replaceState(null, "", `#${next}`);
      apply().catch(fail);
    };
    for (const [name, title] of FACETS) {
      if (meta.names[name].length < 2) continue;
      const shownTitle = name === "verdicts" ? `${judges[0]} / ${judges[1]}` : title;
      const names = [...meta.names[name]].sort(new Intl.Collator("en", { numeric: true }).compare);
      const options = names.map((one) => gyges.safe(h("option", { value: one }), one));
      form.append(h("label", {}, gyges.safe(h("span"), shownTitle), h("select", { name, change: changed }, h("option", { value: "" }, "all"), ...options)));
    }
    if (form.elements.length) form.append(h("button", { type: "button", click: () => { history.replaceState(null, "", "#cases"); apply().catch(fail); } }, "Clear filters"));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = meta.n === 0;
  }

  function fail(error) {
    count.textContent = String(error.message || error);
  }

  more.addEventListener("click", () => {
    const first = shown;
    extend().then(() => { if (list.children[first]) list.children[first].focus({ preventScroll: true }); }).catch(fail);
  });
  window.addEventListener("hashchange", () => { if (meta) apply().catch(fail); });
  load("meta", 1).then((found) => { meta = found; build(); return apply(); }).catch(fail);
})();
