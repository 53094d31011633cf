// New entries as they arrive: the stream, gathered so that a flood costs no more than a drop, and the list of the latest.

import { countryName } from "./portal.js";
import { readable, readableInstant } from "./timeline/time.js";

const GATHER_MS = 400;
const ENTRIES_SHOWN = 12;
const IDS_KEPT = 5000;
const ANNOUNCE_MS = 5000;
const STATES = ["connecting again", "live", "not connected: reload the page"];

// Call `take` with the entries that came in since the last call, until `signal` ends it. EventSource reconnects by
// itself and asks with Last-Event-ID for what it missed; an entry that comes twice is taken once.
export function openStream(address, take, signal) {
  const source = new EventSource(address);
  const seen = new Set();
  let gathered = [];
  const state = document.querySelector("[data-live-state]");
  const say = () => {
    if (!state) return;
    state.toggleAttribute("data-connected", source.readyState === EventSource.OPEN);
    state.textContent = STATES[source.readyState];
  };
  const flush = () => {
    const entries = gathered;
    gathered = [];
    if (!signal.aborted) take(entries);
  };
  source.addEventListener("open", say);
  source.addEventListener("error", say);
  source.addEventListener("timeline", (event) => {
    const entry = JSON.parse(event.data);
    if (seen.has(entry.event_id)) return;
    seen.add(entry.event_id);
    if (seen.size > IDS_KEPT) seen.delete(seen.values().next().value);
    if (gathered.length === 0) setTimeout(flush, GATHER_MS);
    gathered.push(entry);
  });
  signal.addEventListener("abort", () => source.close());
}

// Tell in words how many entries came, at once and then not again for a while: a flood must not drown a screen reader.
export class Announcer {
  #element;
  #count = 0;
  #waiting = false;

  constructor(element) {
    this.#element = element;
  }

  add(count) {
    this.#count += count;
    if (!this.#waiting) this.#say();
  }

  #say() {
    this.#waiting = this.#count > 0;
    if (!this.#waiting) return;
    this.#element.textContent = `${this.#count} new ${this.#count === 1 ? "entry" : "entries"}`;
    this.#count = 0;
    setTimeout(() => this.#say(), ANNOUNCE_MS);
  }
}

// Put the newest on top; `label(entry)` names its study, or there is no `label` where all are of one.
export function showEntries(list, entries, label) {
  if (!list) return;
  const newest = entries.slice(-ENTRIES_SHOWN).reverse();
  list.prepend(...newest.map((entry) => item(entry, label)));
  while (list.children.length > ENTRIES_SHOWN) list.lastElementChild.remove();
}

function item(entry, label) {
  const element = document.createElement("li");
  element.className = "entry new";
  element.append(what(entry, label), when(entry));
  return element;
}

function what(entry, label) {
  const line = paragraph("what");
  line.append(bold(words(entry.kind)));
  if (label) {
    const link = document.createElement("a");
    link.href = `/studies/${encodeURIComponent(entry.study_id)}`;
    link.textContent = label(entry);
    line.append(" ", link);
  }
  if (entry.country) line.append(" ", text("place", countryName(entry.country)));
  if (entry.subject_key) line.append(" ", text("place", `subject ${entry.subject_key}`));
  return line;
}

function when(entry) {
  const line = paragraph("when");
  const occurred = text("", "occurred ");
  occurred.append(bold(entry.occurred_at ? readable(entry.occurred_at) : "not reported"));
  const recorded = text("", `recorded ${readableInstant(entry.recorded_at)}`);
  line.append(occurred, " ", recorded, " ", text("provenance", entry.provenance));
  return line;
}

function words(code) {
  const plain = code.replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

function paragraph(name) {
  const element = document.createElement("p");
  element.className = name;
  return element;
}

function text(name, content) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = content;
  return element;
}

function bold(content) {
  const element = document.createElement("b");
  element.textContent = content;
  return element;
}

// The list of one study's page: <live-entries data-stream> around its list.
class LiveEntries extends HTMLElement {
  #ends = new AbortController();

  connectedCallback() {
    this.#ends = new AbortController();
    const list = this.querySelector("[data-live-entries]");
    const told = document.createElement("p");
    told.className = "hidden";
    told.setAttribute("aria-live", "polite");
    this.append(told);
    const announcer = new Announcer(told);
    const take = (entries) => {
      showEntries(list, entries);
      announcer.add(entries.length);
    };
    openStream(this.dataset.stream, take, this.#ends.signal);
  }

  disconnectedCallback() {
    this.#ends.abort();
  }
}

customElements.define("live-entries", LiveEntries);
