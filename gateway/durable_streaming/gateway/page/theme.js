// Runs before the first paint, so that a chosen theme never flashes the other one.
// Not a module: modules wait until the document is read.

const THEMES = ["system", "light", "dark"];
const stored = localStorage.getItem("theme");
document.documentElement.dataset.theme = THEMES.includes(stored) ? stored : "system";

addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  const say = () => {
    const theme = document.documentElement.dataset.theme;
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    const next =
      THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    say();
  });
  say();
});
