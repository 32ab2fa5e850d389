// Draws the charts: a line for each universe, gaps where a day has no value,
// and under the chart the values at the cursor.
const day = 86400;
const charts = [];
let years = 1;

const colour = (name) => {
  const probe = document.createElement("i");
  probe.className = name;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};
const group = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");

// format writes a figure as the register asks.
function format(metric, value, unit = true) {
  const v = metric.unit === "fraction" ? value * 100 : value;
  const [whole, part] = Math.abs(v).toFixed(metric.decimals).split(".");
  const sign = v < 0 && Number(Math.abs(v).toFixed(metric.decimals)) !== 0 ? "\u2212" : "";
  const shown = { fraction: "\u202f%", percent: "\u202f%", bp: "\u00a0bp", "USD bn": "\u00a0USD\u00a0bn", "USD mn": "\u00a0USD\u00a0mn" }[metric.unit] ?? "";
  return sign + group(whole) + (part ? `.${part}` : "") + (unit ? shown : "");
}

// table lays one line out for the chart. Where days are missing altogether, a
// point without a value keeps the line from bridging them.
function table(points) {
  const xs = points.map((p) => Date.parse(p.day) / 1000);
  const steps = xs.slice(1).map((x, i) => x - xs[i]).sort((a, b) => a - b);
  const longest = Math.max(6 * day, 3 * (steps[steps.length >> 1] ?? day));
  const out = [[], []];
  points.forEach((p, i) => {
    if (i > 0 && xs[i] - xs[i - 1] > longest) {
      out[0].push(xs[i - 1] + day);
      out[1].push(null);
    }
    out[0].push(xs[i]);
    out[1].push(p.value);
  });
  return out;
}

class Chart {
  constructor(section) {
    this.section = section;
    this.plot = section.querySelector(".plot");
    this.reading = section.querySelector(".reading");
    this.statuses = section.querySelector(".statuses");
    this.plot.addEventListener("keydown", (e) => this.key(e));
    new ResizeObserver(() => this.chart?.setSize(this.size())).observe(this.plot);
  }

  size() {
    return { width: Math.max(240, this.plot.clientWidth), height: this.section.parentElement.matches(".one") ? 420 : 240 };
  }

  async load() {
    const to = new Date(this.section.parentElement.dataset.today);
    to.setUTCDate(to.getUTCDate() + 1);
    const from = new Date(to);
    if (years) from.setUTCFullYear(from.getUTCFullYear() - years); else from.setUTCFullYear(1970, 0, 1);
    const asked = new URLSearchParams({ metric: this.section.dataset.metric, from: from.toISOString().slice(0, 10), to: to.toISOString().slice(0, 10) });
    this.plot.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`/api/v1/series?${asked}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error((await answer.json()).detail);
      this.series = await answer.json();
      this.draw();
    } catch (e) {
      this.chart?.destroy();
      this.chart = null;
      this.reading.textContent = `The figures could not be fetched: ${e.message}`;
    }
    this.plot.removeAttribute("aria-busy");
  }

  draw() {
    this.chart?.destroy();
    this.chart = null;
    const { metric, lines } = this.series;
    if (!lines.length) {
      this.reading.textContent = "There are no figures in this range.";
      return;
    }
    const tables = lines.map((l) => table(l.points));
    const data = tables.length > 1 ? uPlot.join(tables, tables.map(() => [1, 2])) : tables[0];
    this.status = lines.map((l) => new Map(l.points.map((p) => [Date.parse(p.day) / 1000, p.status])));
    const faint = colour("none");
    const grid = { stroke: colour("gridline"), width: 1 };
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    this.chart = new uPlot({
      ...this.size(),
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: { sync: { key: "charts", setSeries: false }, points: { size: 7 }, drag: { x: true, y: false }, y: false },
      scales: { x: { time: true } },
      axes: [
        { stroke: faint, font, grid: { show: false }, ticks: { show: false }, space: 70, size: 40, values: days },
        { stroke: faint, font, grid, ticks: { show: false }, size: 62, values: (_, all) => all.map((v) => axis(metric, v, all)) },
      ],
      series: [{}, ...lines.map((l, i) => ({ label: l.name, stroke: colour(`k${i % 6}`), width: 1.6, points: { show: false }, spanGaps: false }))],
      hooks: { setCursor: [() => this.read()] },
    }, data, this.plot);
    this.read();
    this.count();
  }

  // read writes the values at the cursor, or the newest ones.
  read() {
    const { metric, lines } = this.series;
    const [xs, ...ys] = this.chart?.data ?? [[]];
    const at = this.chart?.cursor.idx ?? null;
    if (!xs.length) return;
    const newest = Math.max(...ys.map((y) => y.findLastIndex((v) => v != null)), 0);
    const i = at ?? newest;
    const when = document.createElement("span");
    when.textContent = new Date(xs[i] * 1000).toISOString().slice(0, 10);
    this.reading.replaceChildren(when, ...lines.map((l, n) => {
      const key = document.createElement("span");
      key.className = `key k${n % 6}`;
      const value = document.createElement("b");
      const v = ys[n][i];
      const status = this.status[n].get(xs[i]);
      value.textContent = v != null ? format(metric, v) : "\u2013";
      const name = document.createElement("span");
      name.textContent = l.name;
      key.append(name, value);
      if (status && status !== "ok") {
        const why = document.createElement("span");
        why.textContent = status.replaceAll("_", " ");
        key.append(why);
      }
      return key;
    }));
  }

  // count tells how many days have no value, and why.
  count() {
    if (!this.statuses) return;
    const parts = this.series.lines.map((l) => {
      const n = new Map();
      l.points.forEach((p) => { if (p.status !== "ok") n.set(p.status, (n.get(p.status) ?? 0) + 1); });
      const counted = [...n].map(([s, c]) => `${group(String(c))} ${s.replaceAll("_", " ")}`);
      return `${l.name}: ${group(String(l.points.length))} days${counted.length ? `, of them ${counted.join(", ")}` : ", all with a value"}.`;
    });
    this.statuses.replaceChildren(...parts.map((text) => {
      const p = document.createElement("p");
      p.className = "dim small";
      p.textContent = text;
      return p;
    }));
  }

  key(e) {
    if (!this.chart || !["ArrowLeft", "ArrowRight", "Home", "End", "Escape"].includes(e.key)) return;
    e.preventDefault();
    const xs = this.chart.data[0];
    const now = this.chart.cursor.idx ?? xs.length - 1;
    const step = e.shiftKey ? 20 : 1;
    const to = { ArrowLeft: now - step, ArrowRight: now + step, Home: 0, End: xs.length - 1 }[e.key];
    if (e.key === "Escape") {
      this.chart.setCursor({ left: -10, top: -10 });
      return;
    }
    this.chart.setCursor({ left: this.chart.valToPos(xs[Math.min(Math.max(to, 0), xs.length - 1)], "x"), top: 20 });
  }
}

// days says how the days of the axis are written: by year, month or day.
const days = [
  [365 * day, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * day, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [day, "{MMM} {D}", "\n{YYYY}", null, null, null, null, null, 1],
];

// axis writes a tick with as many digits as tell the ticks apart.
function axis(metric, v, all) {
  const scale = metric.unit === "fraction" ? 100 : 1;
  const step = all.length > 1 ? Math.abs(all[1] - all[0]) * scale : 1;
  const decimals = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
  return format({ ...metric, decimals, unit: ["fraction", "percent"].includes(metric.unit) ? metric.unit : "" }, v);
}

document.querySelectorAll(".chart").forEach((section) => charts.push(new Chart(section)));
const loadAll = () => charts.forEach((c) => c.load());
document.querySelectorAll("[data-years]").forEach((button) => button.addEventListener("click", () => {
  years = Number(button.dataset.years);
  document.querySelectorAll("[data-years]").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
  loadAll();
}));
document.getElementById("metric").addEventListener("change", (e) => { if (e.target.value) location.href = `/charts/${encodeURIComponent(e.target.value)}`; });
const redraw = () => charts.forEach((c) => c.series && c.draw());
document.addEventListener("theme", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
loadAll();
