// What every page gains where scripts run: names for country codes, clean addresses, how far the data lag behind.

const countryNames = new Intl.DisplayNames(document.documentElement.lang, { type: "region" });

export function countryName(code) {
  try {
    return countryNames.of(code) ?? code;
  } catch {
    return code;
  }
}

function nameCountries(root) {
  for (const element of root.querySelectorAll("[data-country]:not([data-named])")) {
    element.textContent = countryName(element.dataset.country);
    element.title = element.dataset.country;
    element.dataset.named = "";
  }
  for (const select of root.querySelectorAll("select[data-countries]:not([data-named])")) {
    const options = [...select.options].slice(1);
    for (const option of options) {
      option.textContent = option.textContent.replace(option.value, countryName(option.value));
    }
    options.sort((left, right) => left.textContent.localeCompare(right.textContent));
    select.append(...options);
    select.dataset.named = "";
  }
}

async function tellLag() {
  const sources = document.querySelectorAll("[data-source-name]");
  if (sources.length === 0) return;
  const response = await fetch("/v1/freshness");
  if (!response.ok) return;
  const { sources: told } = await response.json();
  for (const element of sources) {
    const lag = told.find((one) => one.source === element.dataset.sourceName)?.lag_records;
    if (lag === undefined || lag === null) continue;
    element.querySelector("[data-lag]").textContent = lag === 0 ? "" : ` (${lag} to come)`;
  }
}

function leaveOutEmptyFields(event) {
  const { body, method } = event.detail.ctx.request;
  if (method !== "GET" || !body) return;
  for (const [name, value] of [...body]) {
    if (value === "") body.delete(name);
  }
}

// An error's page has no results to take over: load it as the page it is.
function showErrorWhole(event) {
  const { request, response } = event.detail.ctx;
  if (!response || response.status < 400) return;
  event.preventDefault();
  location.assign(request.action);
}

// After new results: names for countries, a word for those who cannot see them, and a place for the keyboard.
function settle() {
  nameCountries(document);
  const results = document.querySelector("#results");
  const told = document.querySelector("[data-told]");
  if (told) told.textContent = results?.querySelector("[data-count]")?.textContent ?? "Nothing fits.";
  if (document.activeElement === document.body) results?.focus({ preventScroll: true });
}

// In a narrow window the filters fold away unless one is in use.
function foldFilters() {
  const more = document.querySelector(".filters details");
  if (!more || !matchMedia("(max-width: 860px)").matches) return;
  more.open = [...more.querySelectorAll("select")].some((select) => select.value !== "");
}

foldFilters();
nameCountries(document);
document.addEventListener("htmx:config:request", leaveOutEmptyFields);
document.addEventListener("htmx:before:response", showErrorWhole);
document.addEventListener("htmx:after:swap", settle);
tellLag();
