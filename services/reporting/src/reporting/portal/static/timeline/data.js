// The portal's timeline document as rows, and how rows are filtered and sorted.

import { span } from "./time.js";

export function rowsOf(document) {
  const today = span(document.today).from;
  const names = (list, places) => places.map((place) => document[list][place]);
  return document.studies.map((study) => {
    const [id, label, protocol, title, sponsor, phase, status, countries, dates, sites, active, enrolled, planned] =
      study;
    const row = {
      id,
      label,
      protocol,
      title,
      sponsor: document.sponsors[sponsor],
      sponsorName: document.sponsor_names[sponsor],
      phase: document.phases[phase],
      phaseName: document.words[document.phases[phase]] ?? "No phase on record",
      status: document.statuses[status],
      statusName: document.words[document.statuses[status]],
      tone: document.tones[document.statuses[status]],
      countries: names("countries", countries),
      milestones: dates.map(([place, plan, actual]) => {
        const kind = document.kinds[place];
        return milestone(kind, document.words[kind], plan, actual);
      }),
      sites,
      active,
      enrolled,
      planned,
    };
    row.text = [label, protocol, title, row.sponsorName].join("\n").toLowerCase();
    row.bar = barOf(row.milestones, today);
    return row;
  });
}

export function milestone(kind, name, planned, actual) {
  return { kind, name, planned, actual, at: span(actual ?? planned) };
}

// Where a study's bar begins and ends, and up to where it is history; null where no start is known.
export function barOf(milestones, today) {
  const of = (kind) => milestones.find((one) => one.kind === kind);
  const start = of("study_start");
  if (!start) return null;
  const end = of("study_completion") ?? of("primary_completion");
  const from = start.at.from;
  const to = end ? Math.max(end.at.before, from) : Math.max(today, from);
  const past = end?.actual ? to : Math.min(to, today);
  const isOverdue = start.actual && end && !end.actual && to < today;
  return { from, to, past: start.actual ? Math.max(past, from) : from, overdue: isOverdue ? today : null };
}

export function filtered(rows, wanted) {
  const text = wanted.q?.toLowerCase();
  return rows.filter(
    (row) =>
      (!wanted.sponsor || row.sponsor === wanted.sponsor || row.sponsorName === wanted.sponsor) &&
      (!wanted.status || row.status === wanted.status) &&
      (!wanted.phase || row.phase === wanted.phase) &&
      (!wanted.country || row.countries.includes(wanted.country)) &&
      (!text || row.text.includes(text)),
  );
}

const LAST = Number.MAX_VALUE;
const ORDERS = {
  latest: (row) => -(row.bar?.from ?? -LAST),
  start: (row) => row.bar?.from ?? LAST,
  completion: (row) => row.bar?.to ?? LAST,
  sponsor: (row) => row.sponsorName.toLowerCase(),
  label: (row) => row.label,
};

export function sorted(rows, order) {
  const key = ORDERS[order];
  const keyed = rows.map((row) => [key(row), row]);
  keyed.sort(([left, one], [right, other]) => (left < right ? -1 : left > right ? 1 : one.label < other.label ? -1 : 1));
  return keyed.map(([, row]) => row);
}

// The days between which everything lies, with some air; `share` leaves that part of the rows out at either end, so
// that one date far away does not press all others together. null where nothing has a date.
export function extent(rows, share = 0) {
  const ends = rows.flatMap(({ bar, milestones }) => [...(bar ? [bar] : []), ...milestones.map(({ at }) => at)]);
  if (ends.length === 0) return null;
  const ordered = (key) => Float64Array.from(ends, (one) => one[key] ?? one.to).sort();
  const [froms, tos] = [ordered("from"), ordered("before")];
  const left = Math.floor(ends.length * share);
  const [from, to] = [froms[left], tos[tos.length - 1 - left]];
  const air = Math.max((to - from) * 0.02, 10);
  return { from: from - air, to: to + air };
}
