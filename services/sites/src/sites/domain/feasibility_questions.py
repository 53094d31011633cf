"""Questions of a feasibility questionnaire: what is asked, when it is asked, and what counts as an answer.

A value is text in one form a kind: a number as decimal digits with a point, a date as ISO 8601 with the precision it
has, a choice by the option's code, `yes` or `no`; several choices are several codes. So an answer reads the same
whether it came from a form, from an interface, or from another study.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

from kernel import Reason, parse_business_time
from pydantic import BaseModel, ConfigDict, Field

QuestionKind = Literal["text", "number", "choice", "multi", "date", "yes_no"]
Value = str | tuple[str, ...]
Raw = str | Sequence[str]

TEXT_CHARACTERS_MAX: Final = 4_000
POINTS_MAX: Final = 100
YES_OR_NO: Final = ("yes", "no")
_NUMBER: Final = re.compile(r"[+-]?\d{1,12}(\.\d{1,6})?")
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
Code = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
Short = Field(min_length=1, max_length=500)


class Shape(BaseModel):
    """A frozen part of a questionnaire."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(Shape):
    """One thing that can be chosen."""

    code: str = Code
    text: str = Short


class Award(Shape):
    """Points for an option, for yes or no, or for a number that is at least so large. `disqualifies`: not this site."""

    option: str | None = None
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    points: int = Field(ge=0, le=POINTS_MAX)
    disqualifies: bool = False


class Condition(Shape):
    """Asked only where an earlier question has one of these answers."""

    question: str
    is_one_of: tuple[str, ...] = Field(min_length=1, max_length=50)


class Question(Shape):
    """One question. Its code is what a later questionnaire knows the same question by.

    `about_facility` marks what is so for the facility whichever study asks: only such answers are offered again.
    `unit`, `minimum` and `maximum` are a number's; `weight` is the question's share in the score, 0 for none.
    """

    code: str = Code
    text: str = Short
    help: str | None = Field(default=None, max_length=1_000)
    kind: QuestionKind
    required: bool = False
    about_facility: bool = False
    unit: str | None = Field(default=None, max_length=50)
    minimum: float | None = Field(default=None, allow_inf_nan=False)
    maximum: float | None = Field(default=None, allow_inf_nan=False)
    options: tuple[Option, ...] = Field(default=(), max_length=50)
    shown_if: Condition | None = None
    weight: int = Field(default=0, ge=0, le=100)
    awards: tuple[Award, ...] = Field(default=(), max_length=60)

    @property
    def choices(self) -> tuple[str, ...]:
        """The codes that can be chosen."""
        return YES_OR_NO if self.kind == "yes_no" else tuple(one.code for one in self.options)


class Section(Shape):
    """Questions under one heading."""

    title: str = Short
    questions: tuple[Question, ...] = Field(min_length=1, max_length=100)


class Definition(Shape):
    """All that a questionnaire asks, in its order."""

    sections: tuple[Section, ...] = Field(min_length=1, max_length=30)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question in the order in which it is asked."""
        return tuple(question for section in self.sections for question in section.questions)


# What may be published


def flaws(definition: Definition) -> list[Reason]:
    """Everything that would make the questionnaire unanswerable or its score unclear."""
    return [reason for question, earlier in _with_earlier(definition) for reason in _flaws_of(question, earlier)]


def _with_earlier(definition: Definition) -> Iterator[tuple[Question, dict[str, Question]]]:
    earlier: dict[str, Question] = {}
    for question in definition.questions:
        yield question, dict(earlier)
        earlier[question.code] = question


def _flaws_of(question: Question, earlier: Mapping[str, Question]) -> Iterator[Reason]:
    if question.code in earlier:
        yield _flaw(question, "code_repeated", "is asked twice: give each question a code of its own")
    if (question.kind in {"choice", "multi"}) != bool(question.options):
        yield _flaw(question, "options_needed", "needs options exactly if something is to be chosen")
    if len(set(question.choices)) < len(question.choices):
        yield _flaw(question, "option_repeated", "has an option twice")
    bounds = (question.minimum, question.maximum)
    if question.kind != "number" and (bounds != (None, None) or question.unit is not None):
        yield _flaw(question, "not_a_number", "has a unit or bounds, but is no number")
    if None not in bounds and Decimal(str(bounds[0])) > Decimal(str(bounds[1])):
        yield _flaw(question, "bounds_crossed", "has a minimum above its maximum")
    yield from _flaws_of_condition(question, earlier)
    yield from _flaws_of_awards(question)


def _flaws_of_condition(question: Question, earlier: Mapping[str, Question]) -> Iterator[Reason]:
    if question.shown_if is None:
        return
    asked = earlier.get(question.shown_if.question)
    if asked is None:
        yield _flaw(question, "condition_not_earlier", "depends on a question that is not asked before it")
    elif not set(question.shown_if.is_one_of) <= set(asked.choices):
        yield _flaw(question, "condition_impossible", f"depends on an answer that {asked.code} cannot have")


def _flaws_of_awards(question: Question) -> Iterator[Reason]:
    if bool(question.weight) != bool(question.awards):
        yield _flaw(question, "scoring_incomplete", "needs a weight and points, or neither")
    options = [award.option for award in question.awards if award.option is not None]
    bands = [award.at_least for award in question.awards if award.at_least is not None]
    if question.kind == "number":
        if options or len(bands) < len(question.awards) or len(set(bands)) < len(bands):
            yield _flaw(question, "awards_unclear", "gives points for each range once, by `at_least`")
    elif bands or len(options) < len(question.awards) or not set(options) <= set(question.choices):
        yield _flaw(question, "awards_unclear", "gives points for options that it has, by `option`")
    elif len(set(options)) < len(options):
        yield _flaw(question, "award_repeated", "gives points for an option twice")


def _flaw(question: Question, code: str, detail: str) -> Reason:
    return Reason(code=code, field=question.code, detail=f"The question {question.code} {detail}.")


# What is asked, and what is an answer


def shown(definition: Definition, answers: Mapping[str, Value]) -> tuple[Question, ...]:
    """The questions that are asked, given the answers so far. What depends on a hidden question is hidden with it."""
    seen: dict[str, Question] = {}
    for question in definition.questions:
        condition = question.shown_if
        if condition is None or (condition.question in seen and _holds(condition, answers.get(condition.question))):
            seen[question.code] = question
    return tuple(seen.values())


def _holds(condition: Condition, value: Value | None) -> bool:
    given = (value,) if isinstance(value, str) else value or ()
    return not set(condition.is_one_of).isdisjoint(given)


def read(question: Question, raw: Raw) -> Value | None:
    """The value that somebody gave; None where they left it empty. Raises ValueError with what was expected."""
    if question.kind == "multi":
        return _several(question, (raw,) if isinstance(raw, str) else raw)
    if not isinstance(raw, str):
        message = "Give one answer."
        raise ValueError(message)  # noqa: TRY004 - a value like any other, only not one that is expected
    text = raw.replace("\r\n", "\n").strip()
    if not text:
        return None
    match question.kind:
        case "text":
            return _text(text)
        case "number":
            return _number(question, text)
        case "date":
            return _date(text)
        case "choice" | "yes_no":
            return _choice(question, text)


def _text(text: str) -> str:
    if len(text) > TEXT_CHARACTERS_MAX:
        message = f"Shorten the answer to {TEXT_CHARACTERS_MAX} characters: it has {len(text)}."
        raise ValueError(message)
    if "\0" in text:
        message = "Remove the character that cannot be written."
        raise ValueError(message)
    return text


def _number(question: Question, text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        message = "Write a number in digits, with a point before decimals, such as 12 or 3.5."
        raise ValueError(message)
    number = Decimal(text)
    if question.minimum is not None and number < Decimal(str(question.minimum)):
        message = f"Write a number of at least {question.minimum:g}."
        raise ValueError(message)
    if question.maximum is not None and number > Decimal(str(question.maximum)):
        message = f"Write a number of at most {question.maximum:g}."
        raise ValueError(message)
    return f"{number.normalize():f}" if number else "0"


def _date(text: str) -> str:
    if _DATE.fullmatch(text) is None:
        message = "Write a date as year-month-day, such as 2026-03-31."
        raise ValueError(message)
    try:
        return parse_business_time(text)
    except ValueError as error:
        message = "Write a date that is in the calendar."
        raise ValueError(message) from error


def _choice(question: Question, text: str) -> str:
    if text not in question.choices:
        message = "Choose one of the answers."
        raise ValueError(message)
    return text


def _several(question: Question, raw: Sequence[str]) -> tuple[str, ...] | None:
    given = {one for one in raw if one}
    if not given <= set(question.choices):
        message = "Choose from the answers."
        raise ValueError(message)
    return tuple(one for one in question.choices if one in given) or None
