// Moves through the grids of windows with the arrow keys and opens a window
// in a panel at the side. Without JavaScript the cells are plain links.
const panel = document.getElementById("panel");
const body = document.getElementById("panel-body");
let opened = null;

function prepare() {
  document.querySelectorAll(".grid").forEach((grid) => {
    const cells = [...grid.querySelectorAll("[data-cell]")];
    cells.forEach((c) => { c.tabIndex = -1; });
    const last = cells.at(-1);
    if (last) last.tabIndex = 0;
  });
}

function move(cell, key) {
  const grid = cell.closest(".grid");
  const rows = [...grid.querySelectorAll(grid.matches("table") ? "tbody tr" : "li")];
  const row = cell.closest(grid.matches("table") ? "tr" : "li");
  if (!grid.matches("table")) {
    const cells = [...grid.querySelectorAll("[data-cell]")];
    return cells[cells.indexOf(cell) + ({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -cells.length, End: cells.length }[key] ?? 0)];
  }
  const column = cell.closest("td").cellIndex;
  const seek = (r, from, step) => {
    for (let i = from; i > 0 && i < r.cells.length; i += step) {
      const found = r.cells[i].querySelector("[data-cell]");
      if (found) return found;
    }
    return null;
  };
  switch (key) {
    case "ArrowLeft": return seek(row, column - 1, -1);
    case "ArrowRight": return seek(row, column + 1, 1);
    case "Home": return seek(row, 1, 1);
    case "End": return seek(row, row.cells.length - 1, -1);
    default: {
      const step = key === "ArrowUp" ? -1 : 1;
      for (let i = rows.indexOf(row) + step; i >= 0 && i < rows.length; i += step) {
        const found = rows[i].cells[column]?.querySelector("[data-cell]");
        if (found) return found;
      }
      return null;
    }
  }
}

document.addEventListener("keydown", (e) => {
  const cell = e.target.closest?.("[data-cell]");
  if (!cell || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(e.key)) return;
  e.preventDefault();
  const next = move(cell, e.key);
  if (!next) return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
});

document.addEventListener("click", async (e) => {
  const cell = e.target.closest("[data-cell]");
  if (!cell || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  opened = cell.getAttribute("href");
  try {
    const answer = await fetch(opened, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    body.replaceChildren(page.getElementById("window"));
  } catch {
    location.href = opened;
    return;
  }
  if (!panel.open) panel.showModal();
});

panel.addEventListener("click", (e) => { if (e.target === panel) panel.close(); });
panel.addEventListener("close", () => {
  body.replaceChildren();
  document.querySelector(`[data-cell][href="${CSS.escape(opened)}"]`)?.focus({ focusVisible: true });
});

// The newest windows are at the end of each row: show them first.
document.querySelectorAll(".scroll.end").forEach((box) => { box.scrollLeft = box.scrollWidth; });
document.addEventListener("renewed", prepare);
prepare();
