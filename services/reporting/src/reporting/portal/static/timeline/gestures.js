// Wheel, drag, pinch and keys, told to the timeline as what they mean.

const WHEEL_ZOOM = 0.0022;
const KEY_ZOOM = 1.5;
const KEY_PAN = 80;
const PAGE = 10;
const CLICK_SLACK = 4;

// `timeline`: {zoom(factor, x), pan(pixels), point(x, y), leave(), open(y), move(by), jump(to), fit(), today()}.
export function listen(parts, timeline) {
  parts.scroll.addEventListener("wheel", (event) => onWheel(event, parts, timeline), { passive: false });
  listenToPointers(parts.plot, timeline);
  parts.labels.addEventListener("keydown", (event) => onKey(event, timeline));
}

function onWheel(event, parts, timeline) {
  const x = event.clientX - parts.plot.getBoundingClientRect().left;
  const sideways = event.shiftKey ? event.deltaY : event.deltaX;
  if (event.ctrlKey || event.metaKey) {
    timeline.zoom(Math.exp(-event.deltaY * WHEEL_ZOOM), Math.max(0, x));
  } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
    timeline.pan(sideways);
  } else {
    return;
  }
  event.preventDefault();
}

function listenToPointers(plot, timeline) {
  const held = new Map();
  let travelled = 0;
  const at = (event) => ({ x: event.offsetX, y: event.offsetY });
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held.set(event.pointerId, at(event));
    travelled = held.size > 1 ? Infinity : 0;
  });
  plot.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    const now = at(event);
    if (!before) {
      timeline.point(now.x, now.y);
      return;
    }
    const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    held.set(event.pointerId, now);
    if (other) {
      const [apart, was] = [Math.abs(now.x - other.x), Math.abs(before.x - other.x)];
      if (was > 10) timeline.zoom(apart / was, (now.x + other.x) / 2);
      return;
    }
    travelled += Math.abs(now.x - before.x);
    if (travelled < CLICK_SLACK) return;
    if (!plot.hasPointerCapture(event.pointerId)) plot.setPointerCapture(event.pointerId);
    plot.dataset.dragging = "";
    timeline.leave();
    timeline.pan(before.x - now.x);
  });
  const release = (event) => {
    const wasHeld = held.delete(event.pointerId);
    delete plot.dataset.dragging;
    if (wasHeld && event.type === "pointerup" && travelled < CLICK_SLACK) timeline.open(event);
  };
  for (const name of ["pointerup", "pointercancel"]) plot.addEventListener(name, release);
  plot.addEventListener("pointerleave", () => timeline.leave());
}

function onKey(event, timeline) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const meaning = {
    ArrowUp: () => timeline.move(-1),
    ArrowDown: () => timeline.move(1),
    PageUp: () => timeline.move(-PAGE),
    PageDown: () => timeline.move(PAGE),
    Home: () => timeline.jump(0),
    End: () => timeline.jump(Infinity),
    ArrowLeft: () => timeline.pan(-KEY_PAN),
    ArrowRight: () => timeline.pan(KEY_PAN),
    "+": () => timeline.zoom(KEY_ZOOM),
    "=": () => timeline.zoom(KEY_ZOOM),
    "-": () => timeline.zoom(1 / KEY_ZOOM),
    0: () => timeline.fit(),
    t: () => timeline.today(),
    Escape: () => timeline.leave(),
  }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!meaning) return;
  event.preventDefault();
  meaning();
}
