// How busy the studies in sight were, month by month: asked for when the rows come to rest, and kept.

import { span } from "./time.js";

const REST_MS = 180;
const STUDIES_MAX = 80;

export class Activity {
  #known = new Map();
  #timer = 0;
  #address;
  #changed;

  constructor(address, changed) {
    this.#address = address;
    this.#changed = changed;
  }

  // [{from, before, activated, enrolled}…] of a study; nothing while it is not known.
  of(id) {
    return this.#known.get(id)?.months ?? [];
  }

  // What comes in changes a study's months: ask again when it is in sight.
  forget(ids) {
    for (const id of ids) if (this.#known.has(id)) this.#known.get(id).stale = true;
  }

  want(rows) {
    const isMissing = ({ id }) => this.#known.get(id)?.stale ?? true;
    const missing = rows.filter(isMissing).slice(0, STUDIES_MAX);
    clearTimeout(this.#timer);
    if (missing.length > 0) this.#timer = setTimeout(() => this.#ask(missing.map(({ id }) => id)), REST_MS);
  }

  async #ask(ids) {
    const response = await fetch(`${this.#address}?${new URLSearchParams(ids.map((id) => ["study", id]))}`);
    // The months only adorn the rows: without them the chart still tells all dates.
    if (!response.ok) return;
    const told = await response.json();
    for (const id of ids) this.#known.set(id, { stale: false, months: months(told[id] ?? {}) });
    if (Object.keys(told).length > 0) this.#changed();
  }
}

function months(told) {
  return Object.entries(told)
    .map(([month, [activated, enrolled]]) => ({ ...span(month), activated, enrolled }))
    .sort((left, right) => left.from - right.from);
}
