/* The picture of a neighbourhood: one or two steps, by kind and by relation. All that it shows stands in the lists too. */
(function () {
  "use strict";
  const { h, layout, number } = window.gyges;
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const AREA = 14000; // square pixels that a node with a readable label takes
  const CHARACTERS = 44;
  const STEP = 60;
  const FONT = 11.5;
  const WIDE = 126; // of a label, in pixels at a zoom of 1
  const READABLE = 9.5; // pixels that a letter of a label takes at least, however small the picture

  const data = JSON.parse($("picture-data").textContent);
  const types = new Map(data.types.map((type, rank) => [type.type, { ...type, rank }]));
  const relations = new Map(data.relations.map((relation) => [relation.relation, relation]));
  const nodes = new Map(data.nodes.map((node) => [node.id, node]));
  const edges = data.edges.map(([source, target, relation], at) => ({
    id: `e${at}`, source: data.nodes[source].id, target: data.nodes[target].id, relation: data.relations[relation].relation,
  }));
  const stage = $("cy");
  const off = { types: new Set(), relations: new Set() };
  let hops = 1;
  let most = 0;
  let cy;

  /* What is drawn */

  const short = (text) => (text.length <= CHARACTERS ? text : `${text.slice(0, CHARACTERS).replace(/[\s,;:]+\S*$/, "")}…`);

  /** The nodes of so many steps, and of those the ones with the most edges; in the order in which they go round. */
  function chosen() {
    const of = (step) => data.nodes.filter((node) => node.hops === step);
    const near = of(1).slice(0, most || undefined);
    const shown = new Set([data.centre, ...near.map((node) => node.id)]);
    const joined = (node) => edges.some((edge) => (edge.source === node.id && shown.has(edge.target)) || (edge.target === node.id && shown.has(edge.source)));
    const far = hops > 1 ? of(2).filter(joined).slice(0, most || undefined) : [];
    near.sort((a, b) => types.get(a.type).rank - types.get(b.type).rank || b.edges - a.edges || (a.id < b.id ? -1 : 1));
    return [nodes.get(data.centre), ...near, ...far];
  }

  function draw() {
    const shown = chosen();
    const ids = new Map(shown.map((node) => [node.id, node]));
    const drawn = edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target));
    const near = new Map();
    for (const { source, target } of drawn) {
      for (const [one, other] of [[source, target], [target, source]]) {
        if (ids.get(one).hops > 1 && ids.get(other).hops === 1) near.set(one, [...(near.get(one) || []), other]);
      }
    }
    // Edges between the same two carry one text, so that none covers another.
    const sayings = new Map();
    const firsts = new Map();
    for (const { id, source, target, relation } of drawn) {
      const pair = [source, target].sort().join("\n");
      if (!firsts.has(pair)) firsts.set(pair, id);
      const first = firsts.get(pair);
      const { reads } = relations.get(relation);
      const said = sayings.get(first);
      if (!said) sayings.set(first, reads);
      else if (!said.split(", ").includes(reads)) sayings.set(first, `${said}, ${reads}`);
    }
    const places = layout(shown, near, stage.clientWidth / stage.clientHeight);
    cy.batch(() => {
      cy.elements().remove();
      cy.add(shown.map((node) => ({
        data: { id: node.id, label: short(node.label), size: 16 + Math.min(14, 3 * Math.log2(1 + node.edges)), rank: node.edges, hops: node.hops, font: FONT, wide: WIDE },
        position: places.get(node.id),
        classes: `t-${node.type} hop-${node.hops}`,
      })));
      cy.add(drawn.map(({ id, source, target, relation }) => ({
        data: { id, source, target, relation, said: sayings.get(id) || "" },
        classes: `r-${relation}${relations.get(relation).both ? " both" : ""}`,
      })));
    });
    filter();
    fit();
  }

  /** Hide what was not asked for, and what it leaves without a way to the centre. */
  function filter() {
    const alive = cy.edges().filter((edge) => !off.relations.has(edge.data("relation")));
    const wanted = (node) => node.id() === data.centre || !off.types.has(nodes.get(node.id()).type);
    const reached = cy.collection().merge(cy.getElementById(data.centre));
    for (let wave = reached; wave.nonempty();) {
      wave = wave.connectedEdges().intersection(alive).connectedNodes().filter(wanted).difference(reached);
      reached.merge(wave);
    }
    cy.batch(() => {
      cy.elements().addClass("off");
      reached.removeClass("off");
      alive.filter((edge) => reached.contains(edge.source()) && reached.contains(edge.target())).removeClass("off");
    });
    tell();
    names();
  }

  /** Name the nodes that have room for it, the ones with most edges first: a label that cannot be read says nothing. */
  function names() {
    const grow = Math.max(1, READABLE / (FONT * cy.zoom()));
    const taken = [];
    const before = []; // no label covers a node that comes before its own
    const ranked = cy.nodes().not(".off").sort((a, b) => a.data("hops") - b.data("hops") || b.data("rank") - a.data("rank"));
    cy.batch(() => {
      cy.nodes().addClass("unnamed");
      for (const node of ranked.toArray()) {
        const centre = node.hasClass("hop-0");
        const font = (centre ? 15 : node.data("rank") >= 12 ? 13 : FONT) * grow;
        const wide = (centre ? 170 : WIDE) * grow;
        const long = node.data("label").length * font * 0.54;
        const lines = Math.ceil((long * 1.12) / wide);
        const { x, y } = node.position();
        const top = y + node.data("size") / 2 + 4;
        const box = { left: x - Math.min(wide, long) / 2, right: x + Math.min(wide, long) / 2, top, bottom: top + lines * font * 1.2 };
        const within = (other) => other.x > box.left && other.x < box.right && other.y > box.top && other.y < box.bottom;
        const free = !before.some(within) && taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
        before.push({ x, y });
        if (!free && grow > 1 && !centre) continue;
        taken.push(box);
        node.data({ font, wide }).removeClass("unnamed");
      }
    });
    cy.nodes(".unnamed").data({ font: FONT * grow, wide: WIDE * grow });
  }

  function fit() {
    const seen = cy.elements().not(".off");
    cy.fit(seen, 26);
    if (cy.zoom() > 1.25) {
      cy.zoom(1.25);
      cy.center(seen);
    }
    names();
  }

  /* Words under it */

  const many = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

  function tell() {
    const seen = cy.nodes().not(".off");
    const near = seen.filter(".hop-1").length;
    const far = seen.filter(".hop-2").length;
    const all = data.nodes.filter((node) => node.hops === 1 || (hops > 1 && node.hops === 2)).length;
    const left = all - near - far + data.left_out[0] + (hops > 1 ? data.left_out[1] : 0);
    $("pic-said").replaceChildren(`${many(near, "neighbour")}${hops > 1 ? ` and ${many(far, "node")} two steps away` : ""}.${left ? ` ${number(left)} more are not drawn.` : ""}`);
    $("pic").dataset.drawn = String(near + far);
  }

  function describe(node) {
    const given = nodes.get(node.id());
    const ties = node.edgesWith(cy.getElementById(data.centre)).not(".off");
    const words = [...new Set(ties.map((edge) => {
      const { reads, both } = relations.get(edge.data("relation"));
      return both ? `${reads}` : edge.source().id() === node.id() ? `→ ${reads}` : `← ${reads}`;
    }))];
    const name = given.href && given.id !== data.centre ? h("a", { href: given.href }, h("bdi", {}, given.label)) : h("b", {}, h("bdi", {}, given.label));
    $("pic-said").replaceChildren(name, ` ${given.type}, ${many(given.edges, "edge")}${words.length ? `; ${words.join(", ")}` : ""}`);
  }

  function point(node) {
    const about = node.closedNeighborhood().not(".off");
    cy.batch(() => {
      cy.elements().addClass("dim").removeClass("lit");
      about.removeClass("dim").addClass("lit");
    });
    stage.classList.toggle("points", node.id() !== data.centre);
    describe(node);
  }

  function release() {
    cy.elements().removeClass("dim lit");
    stage.classList.remove("points");
  }

  /* Colours: those of the style sheet, for light or for dark */

  function colours() {
    const of = (className, property = "color") => {
      const probe = h("span", { class: `swatch ${className}` });
      document.body.append(probe);
      const found = window.getComputedStyle(probe)[property];
      probe.remove();
      return found;
    };
    const root = (name) => {
      const probe = h("span", { class: "swatch" });
      probe.style.color = `var(--${name})`;
      document.body.append(probe);
      const found = window.getComputedStyle(probe).color;
      probe.remove();
      return found;
    };
    return { family: (name) => of(`f-${name}`), root };
  }

  function style() {
    const { family, root } = colours();
    const font = window.getComputedStyle(document.body).fontFamily;
    const ground = root("gy-raised");
    const sheet = [
      { selector: "node", style: {
        width: "data(size)", height: "data(size)", "background-color": root("gy-zero"), "border-width": 1.5, "border-color": ground,
        label: "data(label)", "font-family": font, "font-size": "data(font)", color: root("gy-ink"), "text-wrap": "wrap", "text-max-width": "data(wide)",
        "text-valign": "bottom", "text-margin-y": 4, "line-height": 1.15,
        "text-background-color": ground, "text-background-opacity": 0.92, "text-background-padding": "1.5px", "text-background-shape": "round-rectangle",
        "overlay-opacity": 0, "z-index-compare": "manual", "z-index": 10,
      } },
      { selector: "node.hop-2", style: { "background-opacity": 0.75, color: root("gy-muted") } },
      { selector: "edge", style: {
        width: 1.2, "curve-style": "bezier", "control-point-step-size": 26, "line-color": root("gy-field"), "target-arrow-color": root("gy-field"),
        "target-arrow-shape": "triangle", "arrow-scale": 0.8, "overlay-opacity": 0, opacity: 0.5, "z-index-compare": "manual", "z-index": 1,
      } },
      { selector: "edge.both", style: { "target-arrow-shape": "none" } },
      { selector: "edge.r-associated_with", style: { "line-style": "dashed", "line-dash-pattern": [1.5, 4], width: 1.1, opacity: 0.6 } },
      { selector: "edge.r-supports", style: { "line-color": root("gg-for"), "target-arrow-color": root("gg-for"), width: 2, opacity: 0.85 } },
      { selector: "edge.r-contradicts", style: { "line-color": root("gg-against"), "target-arrow-color": root("gg-against"), "target-arrow-shape": "tee", "line-style": "dashed", "line-dash-pattern": [6, 3], width: 2, opacity: 0.85 } },
      ...data.types.map(({ type, family: name, polygon }) => ({ selector: `node.t-${type}`, style: {
        "background-color": family(name), ...(polygon ? { shape: "polygon", "shape-polygon-points": polygon } : { shape: "ellipse" }),
      } })),
      { selector: "node.hop-0", style: { width: 38, height: 38, "border-width": 3, "border-color": root("gy-ink"), "font-weight": 600, "z-index": 30 } },
      { selector: "node.unnamed", style: { label: "" } },
      { selector: ".dim", style: { opacity: 0.16 } },
      { selector: "node.lit", style: { label: "data(label)", "z-index": 20, "text-background-opacity": 0.95 } },
      { selector: "edge.lit", style: { label: "data(said)", "text-wrap": "wrap", "text-max-width": "120px", "font-size": 10.5, "font-family": font, color: root("gy-ink"), "text-background-color": ground, "text-background-opacity": 0.95, "text-background-padding": "2px", opacity: 1, "z-index": 15 } },
      { selector: ".off", style: { display: "none" } },
    ];
    cy.style(sheet);
  }

  /* The tools */

  function drawing(path, className, box, name) {
    const svg = document.createElementNS(SVG, "svg");
    const line = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", box);
    svg.setAttribute("class", `${name} ${className}`);
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }

  function boxes(holder, rows, hidden) {
    holder.replaceChildren(...rows.map(({ key, words, count, picture }) => {
      const box = h("input", { type: "checkbox", checked: true, value: key });
      box.addEventListener("change", () => {
        if (box.checked) hidden.delete(key); else hidden.add(key);
        filter();
      });
      return h("label", {}, box, picture, h("span", {}, words), h("span", { class: "count" }, number(count)));
    }));
  }

  function legend() {
    const others = data.nodes.filter((node) => node.id !== data.centre);
    boxes($("legend-types").querySelector(".checks"), data.types
      .map(({ type, title, family, path }) => ({
        key: type, words: title, count: others.filter((node) => node.type === type).length, picture: drawing(path, `f-${family}`, "0 0 16 16", "mark"),
      }))
      .filter((row) => row.count), off.types);
    boxes($("legend-relations").querySelector(".checks"), data.relations.map(({ relation, reads }) => ({
      key: relation, words: reads, count: edges.filter((edge) => edge.relation === relation).length, picture: drawing("M0 5h24", `r-${relation}`, "0 0 24 10", "line"),
    })), off.relations);
    const narrow = window.matchMedia("(max-width: 60rem)").matches;
    for (const fold of [$("legend-types"), $("legend-relations")]) fold.open = !narrow;
  }

  function limits() {
    const all = Math.max(...[1, 2].map((step) => data.nodes.filter((node) => node.hops === step).length));
    const room = Math.max(8, Math.floor((stage.clientWidth * stage.clientHeight) / AREA));
    const steps = [8, 12, 24, 40].filter((step) => step < all);
    most = all <= room ? 0 : Math.max(...steps.filter((step) => step <= room), steps[0]);
    $("pic-most").replaceChildren(...[...steps, 0].map((step) => h("option", { value: step, selected: step === most }, step ? `the ${step} with most edges` : `all ${number(all)}`)));
    $("pic-most").parentElement.hidden = !steps.length;
  }

  function zoom(by) {
    const seen = { x: stage.clientWidth / 2, y: stage.clientHeight / 2 };
    cy.zoom({ level: cy.zoom() * by, renderedPosition: seen });
  }

  /** Name again after the size has changed, once for each frame. */
  function renaming() {
    let waiting = false;
    cy.on("zoom", () => {
      if (waiting) return;
      waiting = true;
      window.requestAnimationFrame(() => { waiting = false; names(); });
    });
  }

  function keys(event) {
    const moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    const sizes = { "+": 1.25, "=": 1.25, "-": 0.8 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) cy.panBy({ x: moves[event.key][0], y: moves[event.key][1] });
    else if (sizes[event.key]) zoom(sizes[event.key]);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  }

  /** A finger that scrolls the page must not be caught by the picture: it is freed by a tap on the button. */
  function lock() {
    const button = $("pic-unlock");
    stage.classList.add("locked");
    button.hidden = false;
    button.addEventListener("click", () => {
      stage.classList.remove("locked");
      button.hidden = true;
      stage.focus();
    });
  }

  function listen() {
    const touch = window.matchMedia("(hover: none)").matches;
    let last = "";
    cy.on("mouseover", "node", (event) => point(event.target));
    cy.on("mouseout", "node", () => { release(); tell(); });
    cy.on("tap", "node", (event) => {
      const { id, href } = nodes.get(event.target.id());
      // Without a pointer that hovers, the first tap tells what it is and the second goes there.
      if (touch && last !== id) { last = id; point(event.target); return; }
      if (!href || id === data.centre) return;
      const given = event.originalEvent;
      if (given && (given.ctrlKey || given.metaKey)) window.open(href, "_blank", "noopener");
      else window.location.assign(href);
    });
    cy.on("tap", (event) => {
      cy.userZoomingEnabled(true);
      if (event.target === cy) { last = ""; release(); tell(); }
    });
    // The wheel scrolls the page until the picture was chosen.
    stage.addEventListener("focus", () => cy.userZoomingEnabled(true));
    stage.addEventListener("blur", () => cy.userZoomingEnabled(false));
    stage.addEventListener("mouseleave", () => cy.userZoomingEnabled(document.activeElement === stage));
    stage.addEventListener("keydown", keys);
    if (touch) lock();

    for (const choice of document.querySelectorAll("input[name='hops']")) {
      choice.checked = Number(choice.value) === hops;
      choice.addEventListener("change", () => { hops = Number(choice.value); draw(); });
    }
    if (!data.nodes.some((node) => node.hops === 2)) document.querySelector(".hops").hidden = true;
    $("pic-most").addEventListener("change", () => { most = Number($("pic-most").value); draw(); });
    $("pic-in").addEventListener("click", () => zoom(1.25));
    $("pic-out").addEventListener("click", () => zoom(0.8));
    $("pic-fit").addEventListener("click", fit);
    new MutationObserver(style).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", style);
    let width = stage.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(stage.clientWidth - width) < 40) return;
      width = stage.clientWidth;
      cy.resize();
      draw();
    }).observe(stage);
  }

  $("pic").hidden = false;
  cy = window.cytoscape({ container: stage, elements: [], layout: { name: "null" }, minZoom: 0.12, maxZoom: 3, boxSelectionEnabled: false, autoungrabify: true, autounselectify: true, userZoomingEnabled: false });
  window.gyges.picture = cy;
  legend();
  limits();
  style();
  listen();
  renaming();
  draw();
  $("pic").dataset.ready = "";
})();
