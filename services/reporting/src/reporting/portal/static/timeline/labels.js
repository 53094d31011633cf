// The names beside the plot: real links, of which only those in sight exist.

import { ROW } from "./draw.js";

const SPARE = 4;

export class Labels {
  #list;
  #rows = [];
  #shown = "";
  current = 0;

  constructor(list) {
    this.#list = list;
  }

  set rows(rows) {
    this.#rows = rows;
    this.#shown = "";
    this.current = Math.min(this.current, Math.max(rows.length - 1, 0));
  }

  // Show the links of rows `first` to `last`, whatever else is there goes.
  show(first, last) {
    const from = Math.max(0, first - SPARE);
    const to = Math.min(this.#rows.length, last + SPARE);
    const shown = `${from} ${to} ${this.current}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const held = this.#list.contains(document.activeElement) ? this.current : null;
    this.#list.replaceChildren(...this.#indices(from, to).map((index) => this.#item(index)));
    if (held !== null) this.link(held)?.focus({ preventScroll: true });
  }

  link(index) {
    return this.#list.querySelector(`[data-index="${index}"]`);
  }

  // The current row stays in the document when it is out of sight, so that the keyboard keeps its place.
  #indices(from, to) {
    const indices = Array.from({ length: to - from }, (_, offset) => from + offset);
    if (this.#rows.length === 0 || (this.current >= from && this.current < to)) return indices;
    return this.current < from ? [this.current, ...indices] : [...indices, this.current];
  }

  #item(index) {
    const row = this.#rows[index];
    const item = document.createElement("li");
    item.style.transform = `translateY(${index * ROW}px)`;
    item.setAttribute("aria-setsize", String(this.#rows.length));
    item.setAttribute("aria-posinset", String(index + 1));
    item.append(link(row, index, index === this.current));
    return item;
  }
}

function link(row, index, isCurrent) {
  const anchor = document.createElement("a");
  anchor.href = `/studies/${encodeURIComponent(row.id)}`;
  anchor.dataset.index = String(index);
  anchor.tabIndex = isCurrent ? 0 : -1;
  anchor.append(line("id", row.label), status(row), line("title", row.title));
  return anchor;
}

function status({ tone, statusName }) {
  const element = line(`status tone-${tone}`, statusName);
  element.prepend(sign(tone));
  return element;
}

const SIGNS = { planned: "○", open: "●", running: "◐", done: "✓", stopped: "✕", unknown: "?" };

function sign(tone) {
  const element = line("sign", SIGNS[tone]);
  element.setAttribute("aria-hidden", "true");
  return element;
}

function line(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
