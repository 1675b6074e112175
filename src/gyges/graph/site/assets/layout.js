/* Where each node of a picture stands: the same nodes always stand in the same places, and no label covers another. */
(function () {
  "use strict";
  const CELL = { width: 136, height: 78 }; // what a node and its label take
  const FIRST = 130; // radius of the innermost ring
  const GAP = 86; // between rings
  const ROUNDS = 120;

  /** How many rings hold so many nodes, and how many each. */
  function rings(count, first) {
    const holds = [];
    for (let left = count, radius = first; left > 0; radius += GAP) {
      const room = Math.max(1, Math.floor((2 * Math.PI * radius) / CELL.width));
      holds.push({ radius, room });
      left -= room;
    }
    return holds;
  }

  /** Deal nodes that follow each other by angle to rings in turn, by each ring's share, so that neighbours do not touch. */
  function deal(count, holds) {
    const all = holds.reduce((sum, ring) => sum + ring.room, 0);
    const debt = holds.map(() => 0);
    return Array.from({ length: count }, () => {
      holds.forEach((ring, place) => { debt[place] += ring.room / all; });
      const place = debt.indexOf(Math.max(...debt));
      debt[place] -= 1;
      return holds[place].radius;
    });
  }

  const circular = (angles) => Math.atan2(
    angles.reduce((sum, angle) => sum + Math.sin(angle), 0),
    angles.reduce((sum, angle) => sum + Math.cos(angle), 0),
  );

  /** Push boxes that overlap apart, along the shorter way; the first one stays. */
  function part(places) {
    for (let round = 0; round < ROUNDS; round += 1) {
      let moved = false;
      for (let a = 0; a < places.length; a += 1) {
        for (let b = a + 1; b < places.length; b += 1) {
          const one = places[a];
          const other = places[b];
          const right = CELL.width - Math.abs(other.x - one.x);
          const down = CELL.height - Math.abs(other.y - one.y);
          if (right <= 0 || down <= 0) continue;
          moved = true;
          const axis = right < down ? "x" : "y";
          const way = (other[axis] - one[axis] || b - a) > 0 ? 1 : -1;
          const by = (Math.min(right, down) / 2 + 0.5) * way;
          if (a > 0) one[axis] -= by;
          other[axis] += a > 0 ? by : 2 * by;
        }
      }
      if (!moved) return;
    }
  }

  /**
   * Place the nodes of a picture.
   * @param nodes The centre first, then those one step away in the order in which they go round, then those two steps away.
   * @param near For each node two steps away, by id: the ids of those one step away that it is joined to.
   * @param shape Width by height of where it is drawn.
   * @returns A Map from id to {x, y}.
   */
  window.gyges.layout = function layout(nodes, near, shape) {
    const stretch = Math.sqrt(Math.min(2, Math.max(0.5, shape)));
    const place = (id, radius, angle) => ({ id, x: radius * stretch * Math.cos(angle), y: (radius / stretch) * Math.sin(angle) });
    const first = nodes.filter((node) => node.hops === 1);
    const second = nodes.filter((node) => node.hops > 1);
    const places = [{ id: nodes[0].id, x: 0, y: 0 }];
    const angles = new Map();

    const inner = rings(first.length, FIRST);
    deal(first.length, inner).forEach((radius, at) => {
      const angle = (2 * Math.PI * at) / first.length - Math.PI / 2;
      angles.set(first[at].id, angle);
      places.push(place(first[at].id, radius, angle));
    });

    const wanted = second
      .map((node) => [circular((near.get(node.id) || []).map((id) => angles.get(id) || 0)), node.id])
      .sort(([a, one], [b, other]) => a - b || (one < other ? -1 : 1));
    const turn = circular(wanted.map(([angle], at) => angle - (2 * Math.PI * at) / wanted.length));
    const outer = rings(wanted.length, FIRST + GAP * inner.length + 30);
    deal(wanted.length, outer).forEach((radius, at) => {
      places.push(place(wanted[at][1], radius, turn + (2 * Math.PI * at) / wanted.length));
    });

    part(places);
    return new Map(places.map(({ id, x, y }) => [id, { x, y }]));
  };
})();
