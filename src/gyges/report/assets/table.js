/* Tables that sort: numbers by their value, names as people do, what is absent always last. */
(function () {
  "use strict";
  const { h } = window.gyges;
  const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  function key(cell) {
    if (cell.dataset.sort === undefined) return cell.textContent.trim();
    return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
  }

  function compare(a, b) {
    return typeof a === "number" && typeof b === "number" ? a - b : names.compare(a, b);
  }

  function sort(table, column, descending) {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [key(row.cells[column]), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return descending ? compare(b, a) : compare(a, b);
    });
    body.append(...keyed.map(([, row]) => row));
  }

  for (const table of document.querySelectorAll("table#gaps, table#statuses, table.sortable")) {
    if (table.tBodies[0].rows.length < 2) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = h("button", { type: "button", class: "sort", title: head.title || null }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const text = head.classList.contains("text");
        const now = head.getAttribute("aria-sort");
        // Numbers are first sorted from the largest, names from the first.
        const descending = now ? now === "ascending" : !text;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, descending);
      });
    });
  }
})();
