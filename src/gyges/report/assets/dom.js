/* Making elements. Text enters a page here as text and nowhere as markup, and no script but a chunk of data. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const SVG = "http://www.w3.org/2000/svg";

  /** Make an element: h("p", {class: "note"}, "text", child). A function as attribute listens to an event. */
  gyges.h = function h(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element.addEventListener(key, value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  };

  // As in the figure: circles are monitored, diamonds unmonitored; what is filled complies.
  const OUTLINE = { monitored: "M2.5 8a5.5 5.5 0 1 1 11 0a5.5 5.5 0 1 1-11 0z", unmonitored: "M8 1.8L14.2 8L8 14.2L1.8 8z", other: "M3 3h10v10H3z" };
  const HALF = { monitored: "M8 2.5a5.5 5.5 0 0 1 0 11z", unmonitored: "M8 1.8L14.2 8L8 14.2z", other: "M8 3h5v10H8z" };

  function paths(outcome, arm) {
    if (outcome === "comply") return [[OUTLINE[arm], "full"]];
    if (outcome === "partial") return [[OUTLINE[arm], ""], [HALF[arm], "full"]];
    if (outcome === "refuse") return [[OUTLINE[arm], ""]];
    if (outcome === "undecided") return [[OUTLINE[arm], "dashed"], ["M8 5v3.2M8 9.8v1.4", ""]];
    if (outcome === "score only") return [[OUTLINE[arm], ""], ["M5.5 8h5", ""]];
    if (outcome === "absent") return [["M4 8h8", ""]];
    return [["M4.5 4.5l7 7M11.5 4.5l-7 7", ""]];
  }

  /** A small shape for an outcome: filled complies, half is partial, hollow refuses, dashed is undecided, a cross has no verdict. */
  gyges.mark = function mark(outcome, tier) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("class", `mark ${gyges.tierClass(tier)}`);
    svg.setAttribute("aria-hidden", "true");
    for (const [path, kind] of paths(outcome, gyges.tierClass(tier))) {
      const shape = document.createElementNS(SVG, "path");
      shape.setAttribute("d", path);
      shape.setAttribute("class", kind);
      svg.append(shape);
    }
    return svg;
  };

  gyges.tierClass = (tier) => (tier === "monitored" || tier === "unmonitored" ? tier : "other");

  gyges.number = (value) => Number(value).toLocaleString("en-US");

  /**
   * The loader of this page's chunks: scripts of its folder, each of which calls gyges.put with a JSON text.
   * Called once; only files whose address the pattern matches are loaded.
   */
  gyges.chunks = function chunks(pattern) {
    const waiting = new Map();

    // Where the browser knows Trusted Types, no script but a chunk of this folder can be loaded by this page's code.
    const policy = window.trustedTypes
      ? window.trustedTypes.createPolicy("gyges", {
          createScriptURL(url) {
            if (!pattern.test(url)) throw new TypeError(`not a chunk of this page: ${url}`);
            return url;
          },
        })
      : { createScriptURL: (url) => url };

    /** Called by each chunk. */
    gyges.put = function put(kind, number, text) {
      const resolve = waiting.get(`${kind}-${number}`);
      if (resolve) resolve(JSON.parse(text));
    };

    return function load(kind, number) {
      const key = `${kind}-${number}`;
      return new Promise((resolve, reject) => {
        const script = document.createElement("script");
        const name = `${kind}-${String(number).padStart(4, "0")}`;
        waiting.set(key, resolve);
        script.src = policy.createScriptURL(`data/${name}.js?b=${document.body.dataset.build}`);
        const done = () => { waiting.delete(key); script.remove(); };
        script.onload = () => { done(); reject(new Error(`data/${name}.js holds no data`)); };
        script.onerror = () => { done(); reject(new Error(`data/${name}.js cannot be read: is the folder complete?`)); };
        document.head.append(script);
      });
    };
  };
})();
