// The parts of the timeline in the page: tool bar, axis, names, plot, detail.

const PARTS = `
  <div class="tl-tools" role="toolbar" aria-label="Timeline tools">
    <span class="tl-group">
      <button type="button" class="quiet" data-do="out" aria-label="Zoom out" title="Zoom out (−)">−</button>
      <button type="button" class="quiet" data-do="in" aria-label="Zoom in" title="Zoom in (+)">+</button>
      <button type="button" class="quiet" data-do="fit" title="Show everything (0)">Fit</button>
      <button type="button" class="quiet" data-do="today" title="Centre on today (T)">Today</button>
    </span>
    <label class="tl-sort">Sort by
      <select data-sort>
        <option value="latest">Start, latest first</option>
        <option value="start">Start, earliest first</option>
        <option value="completion">Completion</option>
        <option value="sponsor">Sponsor</option>
        <option value="label">Number</option>
      </select>
    </label>
    <span class="tl-count" role="status"></span>
    <details class="tl-legend"><summary>Legend and keys</summary><div></div></details>
  </div>
  <div class="tl-frame">
    <div class="tl-head"><span class="tl-corner">Study</span><canvas aria-hidden="true"></canvas></div>
    <div class="tl-scroll">
      <div class="tl-space">
        <ol class="tl-labels" aria-label="Studies; arrow keys move, Enter opens"></ol>
        <canvas class="tl-plot" aria-hidden="true"></canvas>
      </div>
      <p class="tl-empty" hidden>No study fits these filters.</p>
    </div>
    <div class="tl-detail" hidden></div>
  </div>
  <p class="hidden" aria-live="polite" data-announce></p>`;

const KEYS = [
  ["↑ ↓", "previous, next study"],
  ["Page up, Page down", "ten studies at once"],
  ["← →", "earlier, later"],
  ["+ −", "zoom"],
  ["0", "show everything"],
  ["T", "today"],
  ["Enter", "open the study"],
  ["Ctrl + wheel", "zoom where the pointer is"],
];

export function buildFrame(host) {
  host.insertAdjacentHTML("beforeend", PARTS);
  const part = (selector) => host.querySelector(selector);
  return {
    tools: part(".tl-tools"),
    sort: part("[data-sort]"),
    count: part(".tl-count"),
    legend: part(".tl-legend div"),
    frame: part(".tl-frame"),
    head: part(".tl-head canvas"),
    scroll: part(".tl-scroll"),
    space: part(".tl-space"),
    labels: part(".tl-labels"),
    plot: part(".tl-plot"),
    empty: part(".tl-empty"),
    detail: part(".tl-detail"),
    announce: part("[data-announce]"),
  };
}

// `kinds`: [[code, words]…]; `paint(pen, kind)` draws a milestone's sign.
export function buildLegend(element, kinds, paint) {
  const signs = kinds.map(([kind, words]) => entry(sign((pen) => paint(pen, kind)), words));
  const bars = [
    entry(bar("solid"), "what has passed"),
    entry(bar("hatched"), "what is planned"),
    entry(bar("overdue"), "past its planned end"),
    entry(bar("now"), "today"),
    entry(bar("columns"), "subjects enrolled a month"),
    entry(bar("dots"), "months in which sites were activated"),
  ];
  const hint = document.createElement("p");
  hint.textContent = "Filled signs are actual dates, hollow ones planned. A bar's colour is the status that stands in words beside it.";
  const keys = document.createElement("ul");
  keys.append(...KEYS.map(([key, words]) => entry(keyCap(key), words)));
  const list = document.createElement("ul");
  list.append(...bars, ...signs);
  element.replaceChildren(hint, list, keys);
}

function entry(symbol, words) {
  const item = document.createElement("li");
  item.append(symbol, ` ${words}`);
  return item;
}

function bar(kind) {
  const element = document.createElement("i");
  element.className = `tl-bar ${kind}`;
  return element;
}

function keyCap(text) {
  const element = document.createElement("kbd");
  element.textContent = text;
  return element;
}

function sign(paint) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  canvas.className = "tl-sign";
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  paint(pen);
  return canvas;
}
