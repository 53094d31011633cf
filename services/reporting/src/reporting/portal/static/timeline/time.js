// Business time on an axis: days since 1970 as numbers, never more precise than the text was.

const DAY_MS = 86_400_000;
const FORM = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(T.+)?)?)?$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const NOTHING = "–";

// The first day a business time may mean and the first it may not; null where there is none.
export function span(text) {
  const found = text ? FORM.exec(text) : null;
  if (!found) return null;
  const [year, month, day] = [Number(found[1]), Number(found[2] ?? 1), Number(found[3] ?? 1)];
  const from = found[4] ? Date.parse(text) / DAY_MS : dayOf(year, month, day);
  if (found[3]) return { from, before: found[4] ? from : from + 1 };
  return { from, before: found[2] ? dayOf(year, month + 1, 1) : dayOf(year + 1, 1, 1) };
}

export function dayOf(year, month, day) {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

export function readable(text) {
  const found = text ? FORM.exec(text) : null;
  if (!found) return text || NOTHING;
  const month = found[2] ? MONTHS[Number(found[2]) - 1] : "";
  const time = found[4] ? `, ${new Date(text).toISOString().slice(11, 16)} UTC` : "";
  return [found[3] ? String(Number(found[3])) : "", month, found[1]].filter(Boolean).join(" ") + time;
}

export function readableInstant(text) {
  const iso = new Date(text).toISOString();
  return readable(`${iso.slice(0, 19)}Z`);
}

// Steps of the axis: months a step, from coarse to fine; below a month, days.
const STEPS = [
  { months: 120 },
  { months: 60 },
  { months: 24 },
  { months: 12 },
  { months: 6 },
  { months: 3 },
  { months: 1 },
  { days: 7 },
  { days: 1 },
];

// Ticks between two days, at least `gap` pixels apart: [{day, text, strong}].
export function ticks(from, to, pixelsPerDay, gap) {
  const fits = (step) => (step.months ? step.months * 30.4 : step.days) * pixelsPerDay >= gap;
  const step = STEPS.findLast(fits) ?? STEPS[0];
  return step.months ? monthTicks(from, to, step.months) : dayTicks(from, to, step.days);
}

function monthTicks(from, to, months) {
  const start = new Date(from * DAY_MS);
  let index = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / months) * months;
  const found = [];
  for (let day = 0; day <= to; index += months) {
    const [year, month] = [Math.floor(index / 12), index % 12];
    day = dayOf(year, month + 1, 1);
    if (day > to) break;
    found.push({ day, text: month === 0 ? String(year) : `${MONTHS[month]} ${year}`, strong: month === 0 });
  }
  return found;
}

function dayTicks(from, to, days) {
  const found = [];
  // Weeks begin on Monday (ISO 8601); day 4 after 1970-01-01 was one.
  const first = days === 7 ? Math.floor((from - 4) / 7) * 7 + 4 : Math.floor(from);
  for (let day = first; day <= to; day += days) {
    const date = new Date(day * DAY_MS);
    const text = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
    found.push({ day, text, strong: date.getUTCDate() === 1 });
  }
  return found;
}
