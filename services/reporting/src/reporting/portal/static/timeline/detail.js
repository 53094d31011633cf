// What a row says when it is pointed at or has the focus.

import { countryName } from "../portal.js";
import { readable } from "./time.js";

const MOST_COUNTRIES = 6;

export function fillDetail(card, row) {
  const rows = [
    ["Sponsor", row.sponsorName],
    ["Phase", row.phaseName],
    ["Status", row.statusName],
    ["Countries", countries(row.countries)],
    ["Sites active", `${row.active} of ${row.sites}`],
    ["Enrolled", row.planned === null ? String(row.enrolled) : `${row.enrolled} of ${row.planned} planned`],
    ...row.milestones.map((one) => [one.name, dates(one)]),
  ];
  card.replaceChildren(heading(row), list(rows));
}

function countries(codes) {
  const named = codes.slice(0, MOST_COUNTRIES).map(countryName).join(", ");
  const more = codes.length - MOST_COUNTRIES;
  return more > 0 ? `${named} and ${more} more` : named || "none on record";
}

function dates({ planned, actual }) {
  if (actual && planned) return `${readable(actual)} (planned ${readable(planned)})`;
  return actual ? readable(actual) : `${readable(planned)} (planned)`;
}

function heading(row) {
  const element = document.createElement("p");
  const id = document.createElement("span");
  id.className = "id";
  id.textContent = row.label;
  element.append(id, ` ${row.title}`);
  return element;
}

function list(rows) {
  const element = document.createElement("dl");
  for (const [term, value] of rows) {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = term;
    dd.textContent = value;
    element.append(dt, dd);
  }
  return element;
}

// Beside the pointer or the link, and always inside the frame.
export function placeDetail(card, frame, x, y) {
  const { width, height } = frame.getBoundingClientRect();
  const right = x + 18 + card.offsetWidth <= width;
  card.style.left = `${right ? x + 18 : Math.max(8, x - 18 - card.offsetWidth)}px`;
  card.style.top = `${Math.max(8, Math.min(y + 12, height - card.offsetHeight - 8))}px`;
}
