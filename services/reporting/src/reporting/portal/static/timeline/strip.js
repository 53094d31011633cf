// <study-strip data-study data-tone data-milestones data-activity>: one study's row of the timeline, on its own axis.
// It adorns the table of milestones, which tells the same dates.

import { Activity } from "./activity.js";
import { barOf, extent, milestone } from "./data.js";
import { HEAD, ROW, paintHead, paintRows, sizeCanvas, themeOf } from "./draw.js";
import { span } from "./time.js";
import { View } from "./view.js";

class StudyStrip extends HTMLElement {
  #view = new View();

  connectedCallback() {
    const { study, tone, today, milestones } = this.dataset;
    this.now = span(today).from;
    const told = JSON.parse(milestones).map(([kind, planned, actual]) => milestone(kind, "", planned, actual));
    this.row = { id: study, tone, milestones: told, bar: barOf(told, this.now) };
    this.activity = new Activity(this.dataset.activity, () => this.#paint());
    this.activity.want([this.row]);
    this.canvases = [document.createElement("canvas"), document.createElement("canvas")];
    this.replaceChildren(...this.canvases);
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(this);
    this.ends = new AbortController();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", () => this.#dress(), { signal: this.ends.signal });
    this.#dress();
  }

  disconnectedCallback() {
    this.observer.disconnect();
    this.ends.abort();
  }

  #dress() {
    this.theme = themeOf(this);
    this.#paint();
  }

  #resize() {
    this.#view.width = Math.max(this.clientWidth, 1);
    sizeCanvas(this.canvases[0], this.#view.width, HEAD);
    sizeCanvas(this.canvases[1], this.#view.width, ROW);
    this.#view.fit(extent([this.row]));
    this.#paint();
  }

  #paint() {
    const [head, plot] = this.canvases.map((canvas) => canvas.getContext("2d"));
    const { theme, row, activity, now: today } = this;
    paintHead(head, { view: this.#view, theme });
    const frame = { view: this.#view, rows: [row], first: 0, top: 0, height: ROW, today, theme, activity };
    paintRows(plot, { ...frame, current: -1, flashes: new Map() });
  }
}

customElements.define("study-strip", StudyStrip);
