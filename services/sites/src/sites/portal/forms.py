"""What a form sends, and what it shows: the same questions, with what was typed and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from chassis.problems import Problem

from sites.domain.feasibility import Assessment
from sites.domain.feasibility_answers import values_of
from sites.domain.feasibility_questions import Question, Raw, Value, shown

PREFIX: Final = "q."
FIELDS_MAX: Final = 20_000
NAME_CHARACTERS_MAX: Final = 200
EVERY_OFFER: Final = "*"
REQUIRED: Final = {"respondent_name": "Write your name.", "respondent_role": "Write your role at the site."}


@dataclass(frozen=True)
class Sent:
    """One sending of the form. `use` names the question whose offered answer is taken over, or `*` for all."""

    action: str
    based_on: int
    raw: Mapping[str, Raw]
    use: str
    respondent: Mapping[str, str]

    @classmethod
    def of(cls, body: bytes, questions: Mapping[str, Question]) -> "Sent":
        """Read a form's body. Raises the 400 problem for what no form of ours sends."""
        try:
            fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
        except (UnicodeDecodeError, ValueError):
            raise Problem(400, "not_a_form", "The form cannot be read. Open the link again.") from None
        plain = dict(fields)
        return cls(
            action=plain.get("action", "save"),
            based_on=_number(plain.get("based_on", "")),
            raw=_answers(fields, questions),
            use=plain.get("use", ""),
            respondent={name: plain.get(name, "").strip()[:NAME_CHARACTERS_MAX] for name in REQUIRED},
        )

    @property
    def unnamed(self) -> dict[str, str]:
        """What is missing of who answered."""
        return {name: text for name, text in REQUIRED.items() if not self.respondent[name]}

    def with_offers(
        self, offered: Mapping[str, Value], answers: Mapping[str, Value]
    ) -> tuple[dict[str, Raw], set[str]]:
        """The answers with what is taken over, and the questions it is taken over for."""
        wanted = {code for code in offered if code not in answers} if self.use == EVERY_OFFER else {self.use}
        used = {code: offered[code] for code in wanted if code in offered}
        return {**self.raw, **used}, set(used)


def _answers(fields: list[tuple[str, str]], questions: Mapping[str, Question]) -> dict[str, Raw]:
    answers: dict[str, Raw] = {}
    for name, value in fields:
        code = name.removeprefix(PREFIX)
        if name == code or code not in questions:
            continue
        if questions[code].kind == "multi":
            answers[code] = (*answers.get(code, ()), *((value,) if value else ()))
        else:
            answers[code] = value
    return answers


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004 - more saves than anybody makes


@dataclass(frozen=True)
class Shown:
    """What is wrong with a sending, and what of it is shown again."""

    mistakes: Mapping[str, str] = field(default_factory=dict[str, str])
    typed: Mapping[str, Raw] = field(default_factory=dict[str, Raw])
    respondent: Mapping[str, str] = field(default_factory=dict[str, str])
    elsewhere: bool = False
    saved: bool = False


def page_of(assessment: Assessment, offered: Mapping[str, Value], told: Shown) -> dict[str, Any]:
    """What the form's template shows."""
    values = values_of(assessment.answers)
    asked = {question.code for question in shown(assessment.definition, values)}
    texts = {question.code: question.text for question in assessment.definition.questions}
    number = 0
    sections: list[dict[str, Any]] = []
    for section in assessment.definition.sections:
        questions: list[dict[str, Any]] = []
        for question in section.questions:
            number += 1
            about = _question(question, assessment, offered, told)
            questions.append({**about, "number": number, "is_asked": question.code in asked})
        sections.append({"title": section.title, "questions": questions})
    return {
        "assessment": assessment,
        "sections": sections,
        "answered": len(asked & values.keys()),
        "asked": len(asked),
        "offers": len(offered.keys() - values.keys()),
        "mistakes": told.mistakes,
        "texts": {**texts, "respondent_name": "Your name", "respondent_role": "Your role at the site"},
        "respondent": told.respondent or dict.fromkeys(REQUIRED, ""),
        "elsewhere": told.elsewhere,
        "saved": told.saved,
    }


def _question(question: Question, assessment: Assessment, offered: Mapping[str, Value], told: Shown) -> dict[str, Any]:
    known = next((one for one in assessment.answers if one.question == question.code), None)
    value = told.typed.get(question.code, known.value if known is not None else "")
    offer = offered.get(question.code)
    return {
        "question": question,
        "chosen": (value,) if isinstance(value, str) else tuple(value),
        "mistake": told.mistakes.get(question.code),
        "reused": known is not None and known.reused,
        "offer": None if offer is None or (known is not None and known.value == offer) else offer,
        "offer_text": None if offer is None else in_words(question, offer),
        "condition": _condition(question, assessment),
    }


def _condition(question: Question, assessment: Assessment) -> dict[str, Any] | None:
    if question.shown_if is None:
        return None
    on = next(one for one in assessment.definition.questions if one.code == question.shown_if.question)
    wanted = " or ".join(in_words(on, one) for one in question.shown_if.is_one_of)
    return {"on": on, "wanted": wanted, "values": " ".join(question.shown_if.is_one_of)}


def in_words(question: Question, value: Value) -> str:
    """An answer as people read it."""
    texts = (
        {"yes": "Yes", "no": "No"} if question.kind == "yes_no" else {one.code: one.text for one in question.options}
    )
    given = (value,) if isinstance(value, str) else value
    words = ", ".join(texts.get(one, one) for one in given)
    return f"{words} {question.unit}" if question.unit else words
