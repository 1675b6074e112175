/* The list of blocks: only the lines in view exist, however many there are. */
(function () {
  "use strict";
  const gyges = window.gyges;
  const { h } = gyges;
  const HEIGHT = 76;
  // Browsers draw no element taller than some ten million pixels; beyond that, scrolling is scaled.
  const TALLEST = 8e6;

  gyges.list = function list(box, table, choose) {
    const several = (key) => table.meta.names[key].length > 1;
    const about = ["subject", "setting", "value"].filter(several);
    const sizer = h("div", { class: "sizer" });
    const lines = h("div", { class: "lines" });
    let rows = new Uint32Array(0);
    let selected = -1;
    // The box's height is kept, since asking for it after a change makes the browser lay out the page at once.
    let view = box.clientHeight;
    box.append(sizer, lines);

    const full = () => rows.length * HEIGHT;
    const tall = () => Math.min(full(), TALLEST);
    const scale = () => {
      const room = tall() - view;
      return room > 0 ? Math.max(0, full() - view) / room : 1;
    };

    function line(place) {
      const row = rows[place];
      const [, question] = table.queries[table.columns.query[row]];
      const words = h("span", { class: "question", dir: "auto" });
      gyges.safe(words, gyges.clip(question, 220) || table.ids[row]);
      const arms = h("span", { class: "outcomes" });
      const heard = [];
      table.meta.tiers.forEach((tier, code) => {
        const outcome = table.meta.outcomes[table.outcomes[code][row]];
        if (outcome === "absent" && code > 1) return;
        const status = table.meta.statuses[table.statuses[code][row]];
        const shown = status === "ok" || status === "absent" ? outcome : status;
        arms.append(h("span", { title: `${tier}: ${shown}` }, gyges.mark(outcome, tier)));
        heard.push(`${tier} ${shown}`);
      });
      const where = h("span", { class: "where" });
      gyges.safe(where, about.map((key) => table.meta.names[key][table.columns[key][row]]).join(" · "));
      if (table.columns.control[row]) where.append(about.length ? " · control" : "control");
      if (!where.textContent) where.append(`sample ${table.columns.sample[row]}`);
      return h(
        "div",
        {
          class: "line", role: "option", id: `line-${place}`, "aria-selected": String(place === selected),
          "aria-setsize": String(rows.length), "aria-posinset": String(place + 1), click: () => choose(place),
        },
        words,
        h("span", { class: "foot-line" }, where, arms, h("span", { class: "sr" }, heard.join(", "))),
      );
    }

    function draw() {
      const top = box.scrollTop;
      const offset = top * scale();
      const first = Math.max(0, Math.floor(offset / HEIGHT) - 4);
      const last = Math.min(rows.length, Math.ceil((offset + view) / HEIGHT) + 4);
      lines.style.transform = `translateY(${top - (offset - first * HEIGHT)}px)`;
      lines.replaceChildren(...Array.from({ length: Math.max(0, last - first) }, (_, i) => line(first + i)));
      if (selected >= first && selected < last) box.setAttribute("aria-activedescendant", `line-${selected}`);
      else box.removeAttribute("aria-activedescendant");
    }

    let asked = false;
    const later = () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => { asked = false; draw(); });
    };
    box.addEventListener("scroll", later, { passive: true });
    new ResizeObserver(() => { view = box.clientHeight; later(); }).observe(box);

    return {
      /** Take other rows; they are drawn with the next mark. */
      show(next) {
        rows = next;
        sizer.style.height = `${tall()}px`;
        lines.replaceChildren();
        box.scrollTop = 0;
      },
      /** Mark a place as the one being read (-1: none), bring it into view, and draw. */
      mark(place) {
        selected = place;
        if (place >= 0) {
          const top = place * HEIGHT;
          const offset = box.scrollTop * scale();
          if (top < offset) box.scrollTop = top / scale();
          else if (top + HEIGHT > offset + view) box.scrollTop = (top + HEIGHT - view) / scale();
        }
        draw();
      },
    };
  };
})();
