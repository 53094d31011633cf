// What the form gains where scripts run: it saves while somebody types, and shows only the questions that are asked.

const SAVE_AFTER_MS = 800;
const TRY_AGAIN_MS = 5000;
const form = document.querySelector("form[data-draft]");
const address = `${location.pathname}/draft`;
const saved = form.querySelector("[data-saved]");
const conflict = form.querySelector("[data-conflict]");
const questions = [...form.querySelectorAll("[data-question]")];
let draft = Number(form.dataset.draft);
let changed = new Set();
let reused = new Set();
let timer = 0;
let saving = false;
let stopped = false;
let leaving = false;

const codeOf = (element) => element.closest("[data-question]")?.dataset.question;
const fieldsOf = (question) => [...question.querySelectorAll(`[name="q.${question.dataset.question}"]:not([type="hidden"])`)];
const questionOf = (code) => questions.find((one) => one.dataset.question === code);

function answerOf(question) {
  const fields = fieldsOf(question);
  const kind = question.dataset.kind;
  if (kind === "multi") return fields.filter((one) => one.checked).map((one) => one.value);
  if (fields[0]?.type === "radio") return fields.find((one) => one.checked)?.value ?? "";
  return fields[0]?.value ?? "";
}

// A question that depends on a hidden one is hidden with it: they come in the order in which they depend.
function showWhatIsAsked() {
  const asked = new Set();
  for (const question of questions) {
    const { on, values, question: code } = question.dataset;
    const given = on ? [answerOf(questionOf(on))].flat() : [];
    const isAsked = !on || (asked.has(on) && given.some((one) => values.split(" ").includes(one)));
    question.hidden = !isAsked;
    if (isAsked) asked.add(code);
  }
  tellProgress(asked);
}

function tellProgress(asked) {
  const answered = [...asked].filter((code) => answerOf(questionOf(code)).length > 0).length;
  form.querySelector("[data-answered]").textContent = answered;
  form.querySelector("[data-asked]").textContent = asked.size;
  const bar = form.querySelector("progress");
  bar.max = asked.size;
  bar.value = answered;
}

function tell(text) {
  saved.textContent = text;
}

function tellMistakes(codes, mistakes) {
  for (const code of codes) {
    const question = questionOf(code);
    const text = mistakes[code] ?? "";
    question.classList.toggle("wrong", text !== "");
    question.querySelector("[data-mistake]").textContent = text;
    for (const field of fieldsOf(question)) {
      if (field.type === "text" || field.tagName === "TEXTAREA") field.setAttribute("aria-invalid", String(text !== ""));
    }
  }
}

function plan(milliseconds = SAVE_AFTER_MS) {
  clearTimeout(timer);
  if (!stopped && !leaving) timer = setTimeout(save, milliseconds);
}

// One save at a time: the next one rests on the number that this one gives.
async function save() {
  if (saving || stopped || changed.size === 0) return;
  saving = true;
  const [codes, taken] = [[...changed], [...reused]];
  changed = new Set();
  const answers = Object.fromEntries(codes.map((code) => [code, answerOf(questionOf(code))]));
  tell("Saving…");
  try {
    const response = await send({ based_on: draft, answers, reused: taken.filter((code) => codes.includes(code)) });
    const told = await response.json();
    if (response.ok) settle(codes, told);
    else refuse(response.status, codes, told);
  } catch {
    again(codes, "Not saved: no connection. Trying again…");
  } finally {
    saving = false;
    if (changed.size > 0) plan(timer ? undefined : TRY_AGAIN_MS);
  }
}

function send(body) {
  const headers = { "Content-Type": "application/json" };
  return fetch(address, { method: "PUT", headers, body: JSON.stringify(body), keepalive: leaving });
}

function settle(codes, told) {
  draft = told.draft;
  form.elements.based_on.value = draft;
  for (const code of codes) if (!changed.has(code)) reused.delete(code);
  tellMistakes(codes, told.mistakes);
  const wrong = Object.keys(told.mistakes).length;
  const at = told.saved_at ? new Date(told.saved_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
  tell(wrong > 0 ? "Saved, but for what is marked" : at ? `Saved at ${at}` : "Nothing saved yet");
}

function refuse(status, codes, told) {
  if (status === 409 && told.code === "changed_elsewhere") {
    stop("Not saved: changed in another window");
    changed = new Set([...codes, ...changed]);
    conflict.dataset.draft = told.draft;
    conflict.hidden = false;
  } else if (status === 429 || status >= 500) {
    again(codes, "Not saved yet. Trying again…");
  } else {
    stop(told.detail ?? "This questionnaire can no longer be changed. Open your link again.");
  }
}

function again(codes, text) {
  changed = new Set([...codes, ...changed]);
  tell(text);
  plan(TRY_AGAIN_MS);
}

function stop(text) {
  stopped = true;
  clearTimeout(timer);
  tell(text);
}

function noteChange(event) {
  const code = codeOf(event.target);
  if (!code) return;
  changed.add(code);
  questionOf(code).querySelector("[data-reused]").hidden = !reused.has(code);
  showWhatIsAsked();
  plan();
}

function put(question, value) {
  const values = value.split(" ");
  for (const field of fieldsOf(question)) {
    if (field.type === "radio") field.checked = field.value === value;
    else if (field.type === "checkbox") field.checked = values.includes(field.value);
    else field.value = value;
  }
}

function takeOver(question) {
  const offer = question.querySelector("[data-offer]");
  const code = question.dataset.question;
  if (!offer) return;
  put(question, offer.querySelector("button").dataset.value);
  offer.hidden = true;
  reused.add(code);
  changed.add(code);
  question.querySelector("[data-reused]").hidden = false;
}

function useOffer(event) {
  const button = event.target.closest('button[name="use"]');
  if (!button) return;
  event.preventDefault();
  if (button.value === "*") {
    questions.filter((one) => answerOf(one).length === 0).forEach(takeOver);
    button.closest(".notice").hidden = true;
    questions[0].scrollIntoView({ block: "center" });
  } else {
    const question = questionOf(button.value);
    takeOver(question);
    (fieldsOf(question).find((one) => one.checked) ?? fieldsOf(question)[0]).focus();
  }
  showWhatIsAsked();
  plan(0);
}

conflict.querySelector("[data-load]").addEventListener("click", () => location.reload());
conflict.querySelector("[data-keep]").addEventListener("click", () => {
  draft = Number(conflict.dataset.draft);
  conflict.hidden = true;
  stopped = false;
  plan(0);
});
form.addEventListener("input", noteChange);
form.addEventListener("click", useOffer);
form.addEventListener("submit", () => {
  leaving = true;
  clearTimeout(timer);
});
// Whoever closes the page has what they typed saved, as far as the browser still lets it go.
addEventListener("pagehide", () => {
  if (leaving) return;
  leaving = true;
  save();
});
document.querySelector("[data-first]")?.focus();
const time = saved.querySelector("time");
if (time) tell(`Saved at ${new Date(time.dateTime).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
showWhatIsAsked();
