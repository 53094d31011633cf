// <study-timeline data-source data-activity data-stream>: every study on one time axis.
// It takes its filters from the form #filters, keeps them in the address, and hears new entries from the stream.

import { Announcer, openStream, showEntries } from "../live.js";
import { Activity } from "./activity.js";
import { extent, filtered, rowsOf, sorted } from "./data.js";
import { fillDetail, placeDetail } from "./detail.js";
import { HEAD, ROW, paintHead, paintRows, paintShape, sizeCanvas, themeOf } from "./draw.js";
import { buildFrame, buildLegend } from "./frame.js";
import { listen } from "./gestures.js";
import { Labels } from "./labels.js";
import { span } from "./time.js";
import { View } from "./view.js";

const BUTTON_ZOOM = 1.5;
const FAR_AWAY_SHARE = 0.01;
const PAST_DAYS = 3300;
const AHEAD_DAYS = 1800;
const FEWEST_DAYS = 90;
const FLASH_MS = 3000;
const RELOAD_MS = 3000;
const TYPING_MS = 120;

class StudyTimeline extends HTMLElement {
  #view = new View();
  #all = [];
  #byId = new Map();
  #rows = [];
  #flashes = new Map();
  #current = -1;
  #ends = new AbortController();

  async connectedCallback() {
    this.#ends = new AbortController();
    this.parts = buildFrame(this);
    this.labels = new Labels(this.parts.labels);
    this.announcer = new Announcer(this.parts.announce);
    this.activity = new Activity(this.dataset.activity, () => this.#draw());
    this.form = document.querySelector("#filters");
    this.#listen();
    await this.#load();
    openStream(this.dataset.stream, (entries) => this.#arrived(entries), this.#ends.signal);
  }

  disconnectedCallback() {
    this.#ends.abort();
  }

  zoom(factor, x = this.#view.width / 2) {
    this.#view.zoom(factor, x);
    this.#draw();
  }

  pan(pixels) {
    this.#view.pan(pixels);
    this.#draw();
  }

  fit() {
    const all = extent(this.#rows);
    if (all) this.#view.fit(all);
    this.#draw();
  }

  today() {
    this.#view.center(this.now);
    this.#draw();
  }

  move(by) {
    this.jump(this.labels.current + by);
  }

  jump(to) {
    const index = Math.max(0, Math.min(this.#rows.length - 1, to));
    this.labels.current = index;
    this.#reveal(index);
    this.#paint();
    this.labels.link(index)?.focus({ preventScroll: true });
  }

  point(x, y) {
    const index = this.#indexAt(y);
    this.#select(index);
    if (index >= 0) this.#showDetail(index, x + this.parts.plot.offsetLeft, y + HEAD);
  }

  leave() {
    this.parts.detail.hidden = true;
    this.#select(-1);
  }

  open(event) {
    const row = this.#rows[this.#indexAt(event.offsetY)];
    if (row) location.assign(`/studies/${encodeURIComponent(row.id)}`);
  }

  #listen() {
    const { parts } = this;
    const { signal } = this.#ends;
    listen(parts, this);
    parts.tools.addEventListener("click", (event) => this.#tool(event.target.closest("[data-do]")?.dataset.do));
    parts.sort.addEventListener("change", () => this.#filter());
    parts.scroll.addEventListener("scroll", () => this.#draw(), { passive: true });
    parts.labels.addEventListener("focusin", (event) => this.#focused(event.target));
    parts.labels.addEventListener("focusout", () => this.leave());
    new ResizeObserver(() => this.#resize()).observe(parts.scroll);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#dress(), { signal });
    this.form.addEventListener("submit", (event) => this.#submitted(event), { signal });
    this.form.addEventListener("change", () => this.#filter(), { signal });
    this.form.addEventListener("input", () => this.#soon("typing", () => this.#filter(), TYPING_MS), { signal });
  }

  #tool(name) {
    const tools = {
      in: () => this.zoom(BUTTON_ZOOM),
      out: () => this.zoom(1 / BUTTON_ZOOM),
      fit: () => this.fit(),
      today: () => this.today(),
    };
    tools[name]?.();
  }

  async #load() {
    const response = await fetch(this.dataset.source, { headers: { Accept: "application/json" } });
    if (!response.ok) {
      this.parts.count.textContent = `The studies could not be loaded (${response.status}). Reload the page.`;
      return;
    }
    const told = await response.json();
    this.now = span(told.today).from;
    this.#all = rowsOf(told);
    this.#byId = new Map(this.#all.map((row) => [row.id, row]));
    this.kinds = told.kinds.map((kind) => [kind, told.words[kind]]);
    this.#dress();
    this.#filter();
    this.toggleAttribute("data-ready", true);
  }

  #submitted(event) {
    event.preventDefault();
    this.#filter();
  }

  #filter() {
    const wanted = Object.fromEntries([...new FormData(this.form)].filter(([, value]) => value !== ""));
    const query = new URLSearchParams(wanted).toString();
    history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
    document.querySelector("[data-table-view]").search = `?${new URLSearchParams({ ...wanted, view: "table" })}`;
    this.#rows = sorted(filtered(this.#all, wanted), this.parts.sort.value);
    this.labels.rows = this.#rows;
    this.parts.space.style.height = `${this.#rows.length * ROW}px`;
    this.parts.empty.hidden = this.#rows.length > 0;
    this.parts.count.textContent = `${this.#rows.length} of ${this.#all.length} studies`;
    if (this.#view.width > 1 && !this.fitted) {
      this.fitted = true;
      this.#view.fit(around(this.now, extent(this.#rows, FAR_AWAY_SHARE)));
    }
    this.#draw();
  }

  #dress() {
    this.theme = themeOf(this);
    const { ink, surface } = this.theme;
    const paint = (pen, kind) => paintShape(pen, kind, 8, 8, ink, ink, surface);
    buildLegend(this.parts.legend, this.kinds ?? [], paint);
    this.#draw();
  }

  #resize() {
    const { head, plot, scroll, labels } = this.parts;
    const width = Math.max(scroll.clientWidth - labels.offsetWidth, 1);
    sizeCanvas(head, width, HEAD);
    sizeCanvas(plot, width, scroll.clientHeight);
    const center = this.#view.day(this.#view.width / 2);
    const wasShown = this.#view.width > 1;
    this.#view.width = width;
    if (wasShown) this.#view.center(center);
    this.#paint();
  }

  #draw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      this.#paint();
    });
  }

  #paint() {
    const { head, plot, scroll } = this.parts;
    if (!this.theme) return;
    const first = Math.floor(scroll.scrollTop / ROW);
    const visible = Math.ceil(scroll.clientHeight / ROW) + 1;
    this.labels.show(first, first + visible);
    this.activity.want(this.#rows.slice(first, first + visible));
    paintHead(head.getContext("2d"), { view: this.#view, theme: this.theme });
    paintRows(plot.getContext("2d"), {
      view: this.#view,
      rows: this.#rows,
      first,
      top: first * ROW - scroll.scrollTop,
      height: scroll.clientHeight,
      today: this.now,
      theme: this.theme,
      current: this.#current,
      flashes: this.#fading(),
      activity: this.activity,
    });
  }

  #fading() {
    const now = performance.now();
    const left = new Map();
    for (const [id, until] of this.#flashes) {
      if (until > now) left.set(id, (until - now) / FLASH_MS);
      else this.#flashes.delete(id);
    }
    if (left.size > 0) this.#draw();
    return left;
  }

  #arrived(entries) {
    for (const { study_id } of entries) this.#flashes.set(study_id, performance.now() + FLASH_MS);
    this.activity.forget(entries.map(({ study_id }) => study_id));
    const label = (entry) => this.#byId.get(entry.study_id)?.label ?? "new study";
    showEntries(document.querySelector("[data-live-entries]"), entries, label);
    this.announcer.add(entries.length);
    this.#soon("reload", () => this.#load(), RELOAD_MS);
    this.#draw();
  }

  // Once after things have calmed down, and at the latest after a few times that long.
  #soon(name, action, milliseconds) {
    this.waiting ??= {};
    if (this.waiting[name]) return;
    this.waiting[name] = setTimeout(() => {
      this.waiting[name] = null;
      if (!this.#ends.signal.aborted) action();
    }, milliseconds);
  }

  #indexAt(y) {
    const index = Math.floor((y + this.parts.scroll.scrollTop) / ROW);
    return index < this.#rows.length ? index : -1;
  }

  #select(index) {
    if (index === this.#current) return;
    this.#current = index;
    this.#draw();
  }

  #focused(link) {
    const index = Number(link.dataset.index);
    this.labels.current = index;
    this.#select(index);
    this.#showDetail(index, this.parts.plot.offsetLeft, index * ROW - this.parts.scroll.scrollTop + HEAD);
  }

  #showDetail(index, x, y) {
    const { detail, frame } = this.parts;
    detail.hidden = false;
    fillDetail(detail, this.#rows[index]);
    placeDetail(detail, frame, x, y);
  }

  #reveal(index) {
    const { scroll } = this.parts;
    const [top, bottom] = [index * ROW, (index + 1) * ROW];
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = bottom - scroll.clientHeight;
  }
}

// What is looked at first: the years around today where studies have dates there, else all of them.
function around(today, all) {
  if (!all) return { from: today - PAST_DAYS, to: today + AHEAD_DAYS };
  const [from, to] = [Math.max(all.from, today - PAST_DAYS), Math.min(all.to, today + AHEAD_DAYS)];
  return to - from > FEWEST_DAYS ? { from, to } : all;
}

customElements.define("study-timeline", StudyTimeline);
