/* Data come in chunks, each a script of this folder that calls gyges.put with a JSON text. Few are kept at a time. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const KEPT = 24;
  const CHUNK = /^data\/(meta|index|queries|blocks|messages)-\d{4,}\.js\?b=[0-9a-f]*$/;
  const cache = new Map();

  const load = gyges.chunks(CHUNK);

  /** A chunk's items; the chunks used last stay in memory. */
  function chunk(kind, number) {
    const key = `${kind}-${number}`;
    const found = cache.get(key) || load(kind, number);
    cache.delete(key);
    cache.set(key, found);
    found.catch(() => cache.delete(key));
    if (cache.size > KEPT) cache.delete(cache.keys().next().value);
    return found;
  }

  /** The number of the chunk that holds an item: the last one that starts at or before it. */
  function place(starts, item) {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= item) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async function item(kind, starts, number) {
    const at = place(starts, number);
    return (await chunk(kind, at + 1))[number - starts[at]];
  }

  /** Read the index: one typed column for each thing that can be filtered by. */
  gyges.open = async function open(progress) {
    const meta = await load("meta", 1);
    const n = meta.blocks;
    const table = {
      meta,
      n,
      ids: [],
      row: new Map(),
      queries: [],
      columns: {
        ...Object.fromEntries(Object.keys(meta.names).map((name) => [name, new Uint16Array(n)])),
        control: new Uint8Array(n),
        query: new Uint32Array(n),
        sample: new Uint32Array(n),
      },
      outcomes: meta.tiers.map(() => new Uint8Array(n)),
      statuses: meta.tiers.map(() => new Uint8Array(n)),
      // For each question and judge, in each tier the number of the set of answers.
      said: (meta.said || []).map(() => meta.tiers.map(() => new Uint16Array(n))),
    };
    for (let part = 1; part <= meta.queryParts; part += 1) {
      for (const query of await load("queries", part)) table.queries.push(query);
    }
    for (let part = 1; part <= meta.indexParts; part += 1) {
      const data = await load("index", part);
      const at = table.ids.length;
      for (const id of data.ids) {
        if (!table.row.has(id)) table.row.set(id, table.ids.length);
        table.ids.push(id);
      }
      // A part in which no block has a factor does not have its column.
      for (const [name, column] of Object.entries(table.columns)) column.set(data.columns[name] || [], at);
      for (const [tier, outcomes, statuses] of data.arms) {
        table.outcomes[tier].set(outcomes, at);
        table.statuses[tier].set(statuses, at);
      }
      for (const [number, tier, column] of data.said || []) table.said[number][tier].set(column, at);
      progress(table.ids.length, n);
    }
    table.block = (row) => item("blocks", meta.blockStarts, row);
    table.message = (number) => item("messages", meta.messageStarts, number);
    return table;
  };
})();
