/* What every page of the graph does beside being read: copy an id, move a threshold, find, open all for print. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);

  /* A static site's search is done by the first page. */
  for (const form of document.querySelectorAll("form[data-find]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const asked = new URLSearchParams({ q: form.elements.q.value });
      window.location.assign(`${document.body.dataset.index}#${asked}`);
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const field = $("q") || $("find");
    if (!field || field.closest("[hidden]")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  for (const button of document.querySelectorAll("button[data-copy]")) {
    const name = [...button.childNodes].map((node) => node.cloneNode(true));
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      } catch {
        // Without the right to the clipboard, the id is at least selected.
        const range = document.createRange();
        range.selectNodeContents(button.parentElement.querySelector("code"));
        window.getSelection().removeAllRanges();
        window.getSelection().addRange(range);
        button.textContent = "Selected";
      }
      window.setTimeout(() => button.replaceChildren(...name.map((node) => node.cloneNode(true))), 2000);
    });
  }

  const slider = $("threshold");
  if (slider) {
    const rows = [...document.querySelectorAll("#sims .sim")];
    const show = () => {
      const least = Number(slider.value);
      let seen = 0;
      for (const row of rows) {
        row.hidden = Number(row.dataset.score) < least;
        if (!row.hidden) seen += 1;
      }
      $("threshold-value").textContent = least.toFixed(2);
      $("similar-count").textContent = `${seen} of ${rows.length} at or above it`;
    };
    $("slide").hidden = false;
    slider.addEventListener("input", show);
    $("threshold-reset").addEventListener("click", () => {
      slider.value = $("threshold-reset").dataset.value;
      show();
    });
    // A browser may bring back where the slider stood before.
    show();
  }

  /* A link into a folded part opens it. */
  function unfold() {
    let at = null;
    try { at = document.getElementById(decodeURIComponent(window.location.hash.slice(1))); } catch { /* no name */ }
    for (let fold = at && at.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }
  window.addEventListener("hashchange", unfold);
  unfold();

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
    opened = [];
  });
})();
