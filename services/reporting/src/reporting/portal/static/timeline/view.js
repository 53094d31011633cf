// Which days the plot shows: its left edge and how many pixels a day takes.

const PIXELS_PER_DAY_MAX = 24;
const PIXELS_PER_DAY_MIN = 0.004;

export class View {
  from = 0;
  scale = 0.1;
  width = 1;

  x(day) {
    return (day - this.from) * this.scale;
  }

  day(x) {
    return this.from + x / this.scale;
  }

  get to() {
    return this.day(this.width);
  }

  fit({ from, to }) {
    this.from = from;
    this.scale = bounded(this.width / (to - from));
  }

  // Zoom so that the day under `x` stays where it is.
  zoom(factor, x) {
    const day = this.day(x);
    this.scale = bounded(this.scale * factor);
    this.from = day - x / this.scale;
  }

  pan(pixels) {
    this.from += pixels / this.scale;
  }

  center(day) {
    this.from = day - this.width / 2 / this.scale;
  }
}

function bounded(scale) {
  return Math.min(PIXELS_PER_DAY_MAX, Math.max(PIXELS_PER_DAY_MIN, scale));
}
