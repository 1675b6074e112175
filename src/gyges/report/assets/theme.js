/* Light, dark, or as the system has it. Runs before the first paint, so that the page does not flash. */
(function () {
  "use strict";
  const root = document.documentElement;
  const order = ["auto", "light", "dark"];

  function stored(key) {
    try { return window.localStorage.getItem(key); } catch { return null; }
  }

  function store(key, value) {
    try { window.localStorage.setItem(key, value); } catch { /* a browser that keeps nothing for files */ }
  }

  function apply(theme) {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
  }

  let theme = order.includes(stored("gyges-theme")) ? stored("gyges-theme") : "auto";
  apply(theme);

  window.gyges = { stored, store };

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const name = () => { button.textContent = `Theme: ${theme}`; };
    button.hidden = false;
    name();
    button.addEventListener("click", () => {
      theme = order[(order.indexOf(theme) + 1) % order.length];
      store("gyges-theme", theme);
      apply(theme);
      name();
    });
  });
})();
