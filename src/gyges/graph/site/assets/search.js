/* The search of a static site: over the index that stands in the page, without a server. */
(function () {
  "use strict";
  const { h } = window.gyges;
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const MOST = 50;
  const data = JSON.parse($("search-data").textContent);
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const nodes = data.nodes.map((node) => ({
    ...node,
    names: [node.label, ...node.aliases].map(fold),
    words: fold([node.label, ...node.aliases, node.id, node.gloss].join(" \n ")),
  }));

  function mark(type) {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    const look = data.marks[type];
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("class", `mark f-${look.family}`);
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", look.path);
    svg.append(path);
    return svg;
  }

  /** How well a node answers: the id, a name, the beginning of a name, words of names, words of the text; 0 is not at all. */
  function worth(node, asked, words) {
    if (node.id === asked) return 6;
    const place = node.names.indexOf(asked);
    if (place >= 0) return place ? 4.9 : 5;
    if (node.names.some((name) => name.startsWith(asked))) return 4;
    if (words.every((word) => node.names.some((name) => name.includes(word)))) return 3;
    return words.every((word) => node.words.includes(word)) ? 1 : 0;
  }

  function find(query, type) {
    const asked = fold(query.trim());
    const words = asked.split(/\s+/).filter(Boolean);
    return nodes
      .filter((node) => !type || node.type === type)
      .map((node) => [worth(node, asked, words), node])
      .filter(([value]) => value > 0)
      .sort(([a, one], [b, other]) => b - a || other.edges - one.edges || (one.label < other.label ? -1 : 1))
      .map(([, node]) => node);
  }

  function hit(node) {
    const label = node.href ? h("a", { href: node.href }, h("bdi", {}, node.label)) : h("bdi", {}, node.label);
    const also = node.aliases.length ? ` · also ${node.aliases.slice(0, 3).join(", ")}` : "";
    return h("li", {},
      h("div", {}, h("span", { class: "named" }, mark(node.type), h("span", {}, label)),
        " ", h("span", { class: "count" }, `${node.type} · ${node.edges} edge${node.edges === 1 ? "" : "s"}`),
        h("bdi", { class: "count" }, also)),
      node.gloss ? h("p", { class: "about" }, h("bdi", {}, node.gloss)) : null);
  }

  const form = $("search");
  const field = $("q");
  const kind = $("type");

  function show() {
    const query = field.value.trim();
    const found = $("found");
    found.hidden = !query;
    $("all").hidden = Boolean(query);
    document.querySelector(".tiles").hidden = Boolean(query);
    $("found-said").replaceChildren();
    if (!query) { found.replaceChildren(); return; }
    const hits = find(query, kind.value);
    const said = hits.length ? `${hits.length} node${hits.length === 1 ? "" : "s"}` : "Nothing";
    const more = hits.length > MOST ? `; the first ${MOST} stand here` : "";
    $("found-said").append(`${said} for `, h("b", {}, h("bdi", {}, query)), more, ".");
    found.replaceChildren(h("ol", { class: "hits" }, ...hits.slice(0, MOST).map(hit)));
  }

  function address() {
    const asked = new URLSearchParams();
    if (field.value.trim()) asked.set("q", field.value.trim());
    if (kind.value) asked.set("type", kind.value);
    window.history.replaceState(null, "", `#${asked}`);
  }

  function read() {
    const asked = new URLSearchParams(window.location.hash.slice(1));
    if (!asked.has("q")) return;
    field.value = asked.get("q");
    kind.value = asked.get("type") || "";
    show();
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); address(); });
  field.addEventListener("input", show);
  field.addEventListener("change", address);
  kind.addEventListener("change", () => { show(); address(); });
  window.addEventListener("hashchange", read);
  read();
})();
