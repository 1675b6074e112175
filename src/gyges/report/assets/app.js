/* The transcript browser: joins the filters, the list, the reader, the keyboard and the link in the address bar. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;
  const $ = (id) => document.getElementById(id);
  const reader = $("reader");
  const count = $("count");
  let table, facets, list, order, shown, state;
  let place = -1;
  let orderSeed = null;

  const seedNow = () => state.seed || table.meta.seed;

  function fresh() {
    return { block: "", chosen: {}, q: "", seed: table.meta.seed };
  }

  /* --- filters ------------------------------------------------------------------------------------------------ */

  function drawFacets() {
    const offered = facets.filter((facet) => facet.offered || state.chosen[facet.key]);
    const controls = (some) => some.map((facet) => {
      const select = h("select", { "data-key": facet.key, change: () => choose(facet.key, select.value) });
      facet.select = select;
      const label = h("span", {});
      if (facet.tier) label.append(gyges.mark("comply", facet.tier));
      label.append(facet.label);
      return h("label", {}, label, select);
    });
    $("facets").replaceChildren(...controls(offered.filter((facet) => !facet.judged)));
    const judged = offered.filter((facet) => facet.judged);
    $("judged").hidden = !judged.length;
    if (judged.some((facet) => state.chosen[facet.key])) $("judged").open = true;
    $("judged-facets").replaceChildren(...controls(judged));
  }

  function fillFacets(counts) {
    facets.forEach((facet, f) => {
      if (!facet.select) return;
      const chosen = state.chosen[facet.key] || "";
      const options = [h("option", { value: "" }, "any")];
      facet.options.forEach(([name, label], option) => {
        if (!facet.total[option] && name !== chosen) return;
        options.push(h("option", { value: name }, `${label} (${gyges.number(counts[f][option])})`));
      });
      if (chosen && !facet.options.some(([name]) => name === chosen)) options.push(h("option", { value: chosen }, `${chosen} (not in this report)`));
      facet.select.replaceChildren(...options);
      facet.select.value = chosen;
      facet.select.classList.toggle("chosen", Boolean(chosen));
    });
  }

  function choose(key, option) {
    if (option) state.chosen[key] = option;
    else delete state.chosen[key];
    apply();
  }

  /** Show the blocks of the state, and the block that it names; where it is filtered away, the first. */
  function apply() {
    const seed = seedNow();
    if (seed !== orderSeed) {
      order = gyges.shuffled(table.n, seed);
      orderSeed = seed;
    }
    const selected = gyges.select(table, facets, order, state);
    shown = selected.rows;
    fillFacets(selected.counts);
    list.show(shown);
    const total = gyges.number(table.n);
    count.textContent = shown.length === table.n ? `${total} block${table.n === 1 ? "" : "s"}` : `${gyges.number(shown.length)} of ${total} blocks`;
    const clear = $("clear");
    clear.hidden = !state.q && !Object.keys(state.chosen).length;
    const wanted = table.row.get(state.block);
    if (state.block && wanted === undefined) {
      lost(`This report has no block ${state.block}. The link may belong to another study.`);
      return;
    }
    const at = wanted === undefined ? -1 : shown.indexOf(wanted);
    if (shown.length) go(Math.max(at, 0));
    else lost("No block matches. Clear a filter, or search for fewer words.");
  }

  function lost(text) {
    place = -1;
    list.mark(-1);
    remember();
    reader.replaceChildren(h("p", { class: "lost" }, text));
  }

  /* --- reading ------------------------------------------------------------------------------------------------ */

  function tools(row) {
    const last = shown.length - 1;
    const link = h("button", { type: "button", class: "copy", click: () => copy(link) }, "Copy link");
    return h(
      "div", { class: "tools" },
      h("button", { type: "button", class: "step", disabled: place <= 0, "aria-keyshortcuts": "k", click: () => go(place - 1) }, "← Previous"),
      h("button", { type: "button", class: "step", disabled: place >= last, "aria-keyshortcuts": "j", click: () => go(place + 1) }, "Next →"),
      h("span", { class: "position" }, `${gyges.number(place + 1)} of ${gyges.number(shown.length)}`),
      h("a", { class: "permalink", href: `#block=${encodeURIComponent(table.ids[row])}`, title: "this block's own link" }, table.ids[row]),
      link,
    );
  }

  async function go(next) {
    if (next < 0 || next >= shown.length) return;
    place = next;
    const row = shown[place];
    state.block = table.ids[row];
    list.mark(place);
    remember();
    let block;
    try {
      block = await table.block(row);
    } catch (error) {
      if (shown[place] === row) reader.replaceChildren(tools(row), h("p", { class: "lost" }, error.message));
      return;
    }
    // Whoever pages fast has left this block before it came.
    if (shown[place] !== row) return;
    const hold = reader.contains(document.activeElement) && document.activeElement.className;
    gyges.read(reader, table, block, tools(row));
    const again = hold && [...reader.querySelectorAll("button")].find((button) => button.className === hold && !button.disabled);
    if (again) again.focus({ preventScroll: true });
    if (place + 1 < shown.length) table.block(shown[place + 1]).catch(() => {});
  }

  function step(by) {
    go(place + by);
    // Reading goes on at the top of the next block, wherever the last one was left.
    if (reader.getBoundingClientRect().top < 0) reader.scrollIntoView({ block: "start" });
  }

  /* --- links -------------------------------------------------------------------------------------------------- */

  let written = null;

  function remember() {
    written = gyges.fragment(state, table.meta.seed);
    // An address without a fragment is left alone until the reader does something.
    if (!touched) return;
    window.history.replaceState(null, "", written || window.location.pathname + window.location.search);
  }

  let touched = false;

  function follow(scroll) {
    const parsed = gyges.parse(window.location.hash, facets, table.meta.seed);
    if (!parsed) return;
    touched = true;
    state = parsed;
    restore();
    if (scroll) $("transcripts").scrollIntoView({ block: "start" });
  }

  function restore() {
    $("search").value = state.q;
    $("seed").value = seedNow();
    drawFacets();
    apply();
  }

  async function copy(button) {
    touched = true;
    remember();
    const address = window.location.href;
    try {
      await navigator.clipboard.writeText(address);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy link"; }, 1500);
    } catch {
      // A browser that gives pages from a folder no clipboard: show the link to be copied by hand.
      const field = h("input", { type: "text", readonly: true, value: address, "aria-label": "Link to this block", class: "link-field" });
      button.replaceWith(field);
      field.select();
    }
  }

  /* --- keyboard ----------------------------------------------------------------------------------------------- */

  const keys = {
    j: () => step(1), ArrowRight: () => step(1),
    k: () => step(-1), ArrowLeft: () => step(-1),
    "/": () => { $("search").focus(); $("search").select(); },
    p: () => gyges.toggle("prompts"),
    r: () => gyges.toggle("reasoning"),
    v: () => gyges.nextVerdict(),
    c: () => { const button = reader.querySelector(".copy"); if (button) copy(button); },
    "?": () => $("help").showModal(),
  };

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    const at = event.target;
    if (event.key === "Escape" && at === $("search")) { at.blur(); return; }
    if (at.closest("input, select, textarea")) return;
    if (event.key.startsWith("Arrow") && at.closest(".scroll, summary")) return;
    if (event.key.length === 1 && !$("keys-on").checked) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    touched = true;
    act();
  }

  function inList(event) {
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: shown.length - 1, PageDown: Math.min(place + 8, shown.length - 1), PageUp: Math.max(place - 8, 0) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    touched = true;
    go(to);
  }

  function wire() {
    let pause = 0;
    $("search").addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => { state.q = $("search").value.trim(); touched = true; apply(); }, 80);
    });
    $("seed").addEventListener("change", () => { state.seed = $("seed").value.trim() || table.meta.seed; state.block = ""; restore(); });
    $("reshuffle").addEventListener("click", () => { state.seed = String(1 + Math.floor(Math.random() * 999999)); state.block = ""; restore(); });
    $("clear").addEventListener("click", () => { state = { ...fresh(), seed: state.seed, block: state.block }; restore(); $("search").focus({ preventScroll: true }); });
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    for (const kind of ["click", "change"]) $("transcripts").addEventListener(kind, () => { touched = true; }, true);
    $("help-open").addEventListener("click", () => $("help").showModal());
    $("help-close").addEventListener("click", () => $("help").close());
    $("keys-on").checked = gyges.stored("gyges-keys") !== "off";
    $("keys-on").addEventListener("change", () => gyges.store("gyges-keys", $("keys-on").checked ? "on" : "off"));
    document.addEventListener("keydown", pressed);
    $("list").addEventListener("keydown", inList);
    window.addEventListener("hashchange", () => { if (window.location.hash !== written) follow(true); });
  }

  async function start() {
    try {
      table = await gyges.open((done, all) => { count.textContent = `Loading the index: ${gyges.number(done)} of ${gyges.number(all)} blocks …`; });
    } catch (error) {
      count.textContent = `The transcripts cannot be shown: ${error.message}`;
      return;
    }
    if (!table.n) {
      count.textContent = "This report has no transcripts.";
      return;
    }
    facets = gyges.facets(table);
    state = fresh();
    $("filters").hidden = false;
    $("list").hidden = false;
    list = gyges.list($("list"), table, (at) => { go(at); });
    wire();
    if (window.location.hash.includes("=")) follow(true);
    else restore();
    document.body.dataset.ready = "yes";
  }

  start();
})();
