// Painting: only the rows that are seen, so that ten thousand studies cost no more than thirty.

import { ticks } from "./time.js";

export const ROW = 40;
export const HEAD = 30;
const BAR = 12;
const COLUMN = 8;
const TICK_GAP = 76;
const TONES = ["open", "running", "planned", "done", "stopped", "unknown"];

// Colours from the style sheet, so that both colour schemes hold on the canvas too.
export function themeOf(element) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["ink", "muted", "line", "surface", "sunken", "accent", "accent-soft", "focus", ...TONES];
  const theme = Object.fromEntries(names.map((name) => [name, of(name)]));
  theme.font = style.fontFamily;
  theme.hatched = Object.fromEntries(TONES.map((tone) => [tone, hatch(theme[tone])]));
  return theme;
}

function hatch(colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = 1.3;
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift - 1, 7);
    pen.lineTo(shift + 7, -1);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

// `frame`: {view, rows, first, top, height, today, theme, current, flashes, activity}; `top` is the first row's y.
export function paintRows(pen, frame) {
  const { view, rows, first, top, height, theme } = frame;
  pen.clearRect(0, 0, view.width, height);
  paintGrid(pen, frame);
  for (let index = first, y = top; y < height && index < rows.length; index += 1, y += ROW) {
    paintRow(pen, frame, rows[index], y, index === frame.current);
  }
  paintToday(pen, frame);
}

export function paintHead(pen, { view, theme }) {
  pen.clearRect(0, 0, view.width, HEAD);
  pen.textBaseline = "middle";
  for (const { day, text, strong } of ticks(view.from, view.to, view.scale, TICK_GAP)) {
    // A label that would begin outside says nothing: its tick is not seen.
    if (view.x(day) < -1) continue;
    pen.font = `${strong ? 600 : 400} 12px ${theme.font}`;
    pen.fillStyle = strong ? theme.ink : theme.muted;
    pen.fillText(text, Math.round(view.x(day)) + 5, HEAD / 2);
    pen.fillRect(Math.round(view.x(day)), HEAD - 8, 1, 8);
  }
}

function paintGrid(pen, { view, height, theme }) {
  pen.fillStyle = theme.line;
  for (const { day, strong } of ticks(view.from, view.to, view.scale, TICK_GAP)) {
    pen.globalAlpha = strong ? 1 : 0.55;
    pen.fillRect(Math.round(view.x(day)), 0, 1, height);
  }
  pen.globalAlpha = 1;
}

function paintToday(pen, { view, height, today, theme }) {
  const x = Math.round(view.x(today));
  pen.fillStyle = theme.focus;
  pen.fillRect(x, 0, 1.5, height);
}

function paintRow(pen, frame, row, y, isCurrent) {
  const { view, theme, flashes } = frame;
  const flash = flashes.get(row.id) ?? 0;
  if (isCurrent || flash > 0) {
    pen.globalAlpha = isCurrent ? 0.55 : flash;
    pen.fillStyle = theme["accent-soft"];
    pen.fillRect(0, y, view.width, ROW);
    pen.globalAlpha = 1;
  }
  pen.fillStyle = theme.line;
  pen.fillRect(0, y + ROW - 1, view.width, 1);
  paintActivity(pen, frame, row, y + ROW - 3);
  const middle = y + ROW / 2 - 4;
  if (row.bar) paintBar(pen, frame, row, middle);
  for (const milestone of row.milestones) paintMilestone(pen, frame, milestone, middle);
}

function paintBar(pen, { view, theme }, { bar, tone }, y) {
  const clip = (day) => Math.min(view.width + 20, Math.max(-20, view.x(day)));
  const [from, past, to] = [clip(bar.from), clip(bar.past), clip(bar.to)];
  const top = y - BAR / 2;
  pen.fillStyle = theme[tone];
  pen.globalAlpha = 0.82;
  if (past > from) pen.fillRect(from, top, Math.max(past - from, 2), BAR);
  pen.globalAlpha = 1;
  // Past its planned end and not over: a thin line up to today.
  if (bar.overdue) pen.fillRect(to, y - 1, clip(bar.overdue) - to, 2);
  if (to <= past) return;
  pen.fillStyle = theme.hatched[tone];
  pen.fillRect(past, top, to - past, BAR);
  pen.strokeStyle = theme[tone];
  pen.lineWidth = 1;
  pen.strokeRect(past + 0.5, top + 0.5, Math.max(to - past - 1, 1), BAR - 1);
}

// Months below the bar: enrolled subjects as columns against the study's busiest month, activated sites as dots.
function paintActivity(pen, { view, theme, activity }, { id }, base) {
  const months = activity.of(id);
  const most = Math.max(1, ...months.map(({ enrolled }) => enrolled));
  for (const { from, before, activated, enrolled } of months) {
    const [left, right] = [view.x(from), view.x(before)];
    if (right < 0 || left > view.width) continue;
    const height = Math.ceil((enrolled / most) * COLUMN);
    pen.fillStyle = theme.accent;
    pen.fillRect(left, base - height, Math.max(right - left - 0.5, 1), height);
    pen.fillStyle = theme.focus;
    if (activated > 0) pen.fillRect((left + right) / 2 - 1, base - COLUMN - 3, 2, 2);
  }
}

// Every kind has a shape of its own; filled is actual, hollow is planned.
const SHAPES = {
  first_submitted: circle(2.6),
  study_start: polygon([-3, -5], [5, 0], [-3, 5]),
  first_subject_in: circle(4),
  last_subject_in: circle(4),
  primary_completion: polygon([0, -5.5], [5.5, 0], [0, 5.5], [-5.5, 0]),
  study_completion: polygon([-4, -4], [4, -4], [4, 4], [-4, 4]),
  results_posted: polygon([0, -5.5], [5.5, 4], [-5.5, 4]),
};

function circle(radius) {
  return (pen, x, y) => pen.arc(x, y, radius, 0, 2 * Math.PI);
}

function polygon(...points) {
  return (pen, x, y) => {
    for (const [dx, dy] of points) pen.lineTo(x + dx, y + dy);
    pen.closePath();
  };
}

function paintMilestone(pen, { view, theme }, { kind, actual, at }, y) {
  const x = view.x((at.from + at.before) / 2);
  if (x < -10 || x > view.width + 10) return;
  paintShape(pen, kind, x, y, actual ? theme.ink : theme.surface, theme.ink, theme.surface);
}

export function paintShape(pen, kind, x, y, fill, line, halo) {
  pen.beginPath();
  (SHAPES[kind] ?? circle(3))(pen, x, y);
  pen.lineJoin = "round";
  pen.lineWidth = 3.4;
  pen.strokeStyle = halo;
  pen.stroke();
  pen.fillStyle = fill;
  pen.fill();
  pen.lineWidth = 1.3;
  pen.strokeStyle = line;
  pen.stroke();
}

// Sharp on every screen: as many points as the device has, addressed in CSS pixels.
export function sizeCanvas(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
}
