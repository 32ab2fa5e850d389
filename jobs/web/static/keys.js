// Keys, the switch of themes, and questions before what cannot be undone.
const places = { o: "/", w: "/windows", r: "/runs", b: "/backfills", c: "/charts", h: "/checks", i: "/incidents" };
const root = document.documentElement;
const themeButton = document.getElementById("theme");
const helpButton = document.getElementById("help");
const help = document.getElementById("keys");

function showTheme() {
  const now = root.dataset.theme || "system";
  themeButton.textContent = { system: "Auto", light: "Light", dark: "Dark" }[now];
  themeButton.setAttribute("aria-label", `Theme: ${now}`);
}

function nextTheme() {
  const next = { light: "dark", dark: "" };
  const now = root.dataset.theme || "";
  const then = now in next ? next[now] : "light";
  if (then) root.dataset.theme = then; else delete root.dataset.theme;
  if (then) localStorage.setItem("theme", then); else localStorage.removeItem("theme");
  showTheme();
  document.dispatchEvent(new Event("theme"));
}

themeButton.hidden = helpButton.hidden = false;
themeButton.addEventListener("click", nextTheme);
helpButton.addEventListener("click", () => help.showModal());
showTheme();

let going = 0;
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, select, textarea, dialog[open]")) return;
  if (going && e.timeStamp - going < 1500 && places[e.key]) {
    going = 0;
    location.href = places[e.key];
    return;
  }
  going = e.key === "g" ? e.timeStamp : 0;
  if (e.key === "?") help.showModal();
  if (e.key === "t") nextTheme();
});

document.addEventListener("submit", (e) => {
  const question = e.target.dataset.sure;
  if (question && !confirm(question)) e.preventDefault();
});
