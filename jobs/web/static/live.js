// Keeps the part of the page with the id "live" up to date: it asks for the
// same page again every data-live seconds and puts in what has changed, but
// not while the page is hidden, a dialog is open or something in it has focus.
let failed = 0;

async function renew(live) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  if (!fresh || busy(live)) return;
  if (fresh.innerHTML !== live.innerHTML) {
    const scrolled = [...live.querySelectorAll(".scroll, .log")].map((e) => [e.scrollLeft, e.scrollTop]);
    const open = [...live.querySelectorAll("details")].map((e) => e.open);
    live.innerHTML = fresh.innerHTML;
    [...live.querySelectorAll(".scroll, .log")].forEach((e, i) => scrolled[i] && e.scrollTo(...scrolled[i]));
    [...live.querySelectorAll("details")].forEach((e, i) => { if (i < open.length) e.open = open[i]; });
    live.dispatchEvent(new Event("renewed", { bubbles: true }));
  }
  if (fresh.dataset.live) live.dataset.live = fresh.dataset.live; else delete live.dataset.live;
}

function busy(live) {
  return document.hidden || document.querySelector("dialog[open]") || (live.contains(document.activeElement) && document.activeElement.matches(":focus-visible"));
}

async function loop() {
  const live = document.getElementById("live");
  if (!live?.dataset.live) return;
  if (!busy(live)) {
    try {
      await renew(live);
      failed = 0;
    } catch {
      failed = Math.min(failed + 1, 5);
    }
    live.classList.toggle("lost", failed > 2);
  }
  setTimeout(loop, Number(live.dataset.live ?? 10) * 1000 * 2 ** failed);
}

setTimeout(loop, Number(document.getElementById("live")?.dataset.live ?? 0) * 1000);
document.addEventListener("visibilitychange", () => {
  const live = document.getElementById("live");
  if (!document.hidden && live?.dataset.live) renew(live).catch(() => {});
});
