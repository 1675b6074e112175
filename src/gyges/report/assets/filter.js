/* Which blocks are shown, in which order, and how a link says so. Nothing here touches the page. */
(function () {
  "use strict";
  const gyges = window.gyges;

  /** Contrasts between the two arms, as bits: a block may be in several. */
  const ARMS = [
    ["differ", "arms differ"],
    ["monitored", "complies only when monitored"],
    ["unmonitored", "complies only when unmonitored"],
    ["agree", "arms agree"],
    ["incomplete", "an arm is absent or has no verdict"],
  ];

  function armBits(outcomes, names, n) {
    const known = names.map((name) => name !== "absent" && name !== "no verdict" && name !== "score only");
    const comply = names.indexOf("comply");
    const bits = new Uint32Array(n);
    for (let row = 0; row < n; row += 1) {
      const m = outcomes[0][row];
      const u = outcomes[1][row];
      if (!known[m] || !known[u]) bits[row] = 16;
      else if (m === u) bits[row] = 8;
      else bits[row] = 1 | (m === comply ? 2 : 0) | (u === comply ? 4 : 0);
    }
    return bits;
  }

  function statusBits(statuses, n) {
    const bits = new Uint32Array(n);
    for (const column of statuses) {
      for (let row = 0; row < n; row += 1) bits[row] |= 1 << Math.min(column[row], 30);
    }
    return bits;
  }

  /** A column's name as a reader would write it. */
  function label(key) {
    const text = key.replace(/^factor\./, "").replaceAll("_", " ");
    return text[0].toUpperCase() + text.slice(1);
  }

  /** What judges said beside the outcome: an option for each answer in each tier. */
  function answers(table) {
    const { meta } = table;
    const judges = new Map();
    for (const { question } of meta.said) judges.set(question, (judges.get(question) || 0) + 1);
    return meta.said.map((asked, number) => {
      const several = judges.get(asked.question) > 1 || asked.question === "outcome";
      const text = asked.judge ? label(asked.question) + (several ? `, by ${asked.judge}` : "") : "Judges of the outcome";
      const width = asked.names.length;
      // By tier, for each set of answers: whether it holds an answer.
      const holds = asked.sets.map((set) => { const row = new Uint8Array(width); for (const name of set) row[name] = 1; return row; });
      return {
        key: asked.key, label: text, judged: true, planes: asked.sets.length ? table.said[number] : [], sets: asked.sets, holds, width,
        options: meta.tiers.flatMap((tier) => asked.names.map((name) => [`${tier}: ${name}`, `${name}, ${tier}`])),
      };
    });
  }

  function holds(facet, row, option) {
    if (facet.codes) return facet.codes[row] === option;
    if (facet.bits) return Boolean(facet.bits[row] & (1 << option));
    const plane = facet.planes[Math.floor(option / facet.width)];
    return Boolean(plane && facet.holds[plane[row]][option % facet.width]);
  }

  /** What can be filtered by: a key for links, a label, a column of codes or bits, and the names of its options. */
  gyges.facets = function facets(table) {
    const { meta, n, columns } = table;
    const plain = (key, label) => ({ key, label, codes: columns[key], options: meta.names[key].map((name) => [name, name || "none"]) });
    const all = [
      plain("subject", "Subject"),
      plain("setting", "Setting"),
      plain("value", "Value"),
      ...Object.keys(meta.names).filter((key) => key === "wording" || key === "verbalised" || key.startsWith("factor.")).map((key) => plain(key, label(key))),
      { key: "control", label: "Control", codes: columns.control, options: [["no", "with conflict"], ["yes", "no-conflict control"]] },
      { key: "arms", label: "Arms", bits: armBits(table.outcomes, meta.outcomes, n), options: ARMS },
      ...meta.tiers.map((tier, code) => ({
        key: `outcome.${tier}`, label: `Outcome, ${tier}`, tier, codes: table.outcomes[code],
        options: meta.outcomes.map((name) => [name, name]),
      })),
      { key: "status", label: "Status of either arm", bits: statusBits(table.statuses, n), options: meta.statuses.map((name) => [name, name]) },
      ...answers(table),
    ];
    const own = new Set(all.map((facet) => facet.key));
    for (const facet of all) facet.total = count(facet, n);
    // A facet with one option that occurs has nothing to choose; a link may still name it.
    for (const facet of all) facet.offered = facet.total.filter((number) => number > 0).length > 1;
    // Links name the column that says whether the monitored answer verbalises; the judge's own answers say more.
    for (const facet of all) if (facet.key === "verbalised" && own.has("said.verbalised")) facet.offered = false;
    return all;
  };

  function count(facet, n) {
    const counts = new Uint32Array(facet.options.length);
    for (let row = 0; row < n; row += 1) add(facet, row, counts);
    return counts;
  }

  function add(facet, row, counts) {
    if (facet.codes) {
      counts[facet.codes[row]] += 1;
      return;
    }
    if (facet.planes) {
      facet.planes.forEach((plane, tier) => { for (const name of facet.sets[plane[row]]) counts[tier * facet.width + name] += 1; });
      return;
    }
    for (let bits = facet.bits[row]; bits; bits &= bits - 1) counts[31 - Math.clz32(bits & -bits)] += 1;
  }

  /** Rows in the order of a seed: Fisher-Yates with a small generator (mulberry32), the same on every machine. */
  gyges.shuffled = function shuffled(n, seed) {
    let state = 2166136261;
    for (const letter of String(seed)) state = Math.imul(state ^ letter.codePointAt(0), 16777619) >>> 0;
    const random = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const order = Uint32Array.from({ length: n }, (_, row) => row);
    for (let last = n - 1; last > 0; last -= 1) {
      const other = Math.floor(random() * (last + 1));
      const kept = order[last];
      order[last] = order[other];
      order[other] = kept;
    }
    return order;
  };

  /** Which queries contain every word searched for; null where nothing is searched. */
  function matching(table, search) {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    table.lowered = table.lowered || table.queries.map(([id, text]) => `${id}\n${text}`.toLowerCase());
    return Uint8Array.from(table.lowered, (text) => (words.every((word) => text.includes(word)) ? 1 : 0));
  }

  /**
   * Apply a state to the rows. One pass: a row that fails nothing is shown and counts everywhere; a row that fails
   * one facet alone counts there, as what would be shown if that facet were chosen differently.
   */
  gyges.select = function select(table, facets, order, state) {
    const found = matching(table, state.q);
    const chosen = facets.map((facet) => {
      const option = state.chosen[facet.key];
      return option ? facet.options.findIndex(([name]) => name === option) : -1;
    });
    // A link may name what this report does not have: then nothing matches, and the page says so.
    const impossible = facets.some((facet, f) => state.chosen[facet.key] && chosen[f] < 0);
    const active = facets.map((_, f) => f).filter((f) => chosen[f] >= 0);
    const counts = facets.map((facet) => new Uint32Array(facet.options.length));
    const rows = new Uint32Array(table.n);
    const query = table.columns.query;
    let shown = 0;
    for (let place = 0; place < order.length && !impossible; place += 1) {
      const row = order[place];
      if (found && !found[query[row]]) continue;
      let failed = -1;
      let fails = 0;
      for (let a = 0; a < active.length && fails < 2; a += 1) {
        const facet = facets[active[a]];
        const option = chosen[active[a]];
        if (!holds(facet, row, option)) {
          fails += 1;
          failed = active[a];
        }
      }
      if (fails === 0) {
        rows[shown] = row;
        shown += 1;
        for (let f = 0; f < facets.length; f += 1) add(facets[f], row, counts[f]);
      } else if (fails === 1) {
        add(facets[failed], row, counts[failed]);
      }
    }
    return { rows: rows.subarray(0, shown), counts };
  };

  /** A state as a fragment, and back. What is as it would be anyway is left out. */
  gyges.fragment = function fragment(state, seed) {
    const parts = new URLSearchParams();
    if (state.block) parts.set("block", state.block);
    for (const [key, option] of Object.entries(state.chosen)) if (option) parts.set(key, option);
    if (state.q) parts.set("q", state.q);
    if (state.seed !== seed) parts.set("seed", state.seed);
    const text = parts.toString();
    return text ? `#${text}` : "";
  };

  gyges.parse = function parse(hash, facets, seed) {
    if (!hash.includes("=")) return null;
    const parts = new URLSearchParams(hash.slice(1));
    const chosen = {};
    for (const facet of facets) if (parts.get(facet.key)) chosen[facet.key] = parts.get(facet.key);
    return { block: parts.get("block") || "", chosen, q: parts.get("q") || "", seed: parts.get("seed") || seed };
  };
})();
