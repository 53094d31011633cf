"""Answers to a feasibility questionnaire: what is kept of what was given, what is wrong with it, what is missing."""

from collections.abc import Mapping

from kernel import BusinessTime, Reason, is_before
from pydantic import Field

from sites.domain.feasibility_questions import Definition, Question, Raw, Shape, Value, read, shown


class Answer(Shape):
    """The answer to one question. `reused`: taken over from what the same facility answered before."""

    question: str
    value: Value
    reused: bool = False


class Respondent(Shape):
    """Who answered for the site."""

    name: str
    role: str


class Given(Shape):
    """What somebody gave, by question. `reused` names what they took over from `offered`."""

    raw: Mapping[str, Raw] = Field(default_factory=dict[str, Raw])
    reused: frozenset[str] = frozenset()
    offered: Mapping[str, Value] = Field(default_factory=dict[str, Value])


Answers = tuple[Answer, ...]


def with_given(definition: Definition, answers: Answers, given: Given) -> Answers:
    """The answers with what was given in the place of what was there: what is no answer leaves it as it was."""
    known = {one.question: one for one in answers}
    kept = (_kept(question, known.get(question.code), given) for question in definition.questions)
    return tuple(one for one in kept if one is not None)


def _kept(question: Question, known: Answer | None, given: Given) -> Answer | None:
    if question.code not in given.raw:
        return known
    try:
        value = read(question, given.raw[question.code])
    except ValueError:
        return known
    if value is None or (known is not None and known.value == value):
        return known if value is not None else None
    taken_over = question.code in given.reused and given.offered.get(question.code) == value
    return Answer(question=question.code, value=value, reused=taken_over)


def difference(before: Answers, after: Answers) -> tuple[Answers, tuple[str, ...]]:
    """Which answers are new or other than before, and which questions have none any more."""
    left = {one.question for one in before} - {one.question for one in after}
    return tuple(one for one in after if one not in before), tuple(sorted(left))


def with_difference(definition: Definition, before: Answers, new: Answers, emptied: tuple[str, ...]) -> Answers:
    """The answers as a difference leaves them, in the order of the questions."""
    after = {one.question: one for one in (*before, *new) if one.question not in emptied}
    return tuple(after[one.code] for one in definition.questions if one.code in after)


def mistakes(definition: Definition, given: Mapping[str, Raw]) -> dict[str, str]:
    """By question what is wrong with what was given; empty where everything is an answer, or nothing."""
    found: dict[str, str] = {}
    for question in definition.questions:
        try:
            read(question, given.get(question.code, ""))
        except ValueError as error:
            found[question.code] = str(error)
    return found


def unknown(definition: Definition, given: Given) -> list[Reason]:
    """Every question that was answered and is not asked."""
    known = {question.code for question in definition.questions}
    return [
        Reason(code="question_unknown", field=code, detail=f"The questionnaire has no question {code}.")
        for code in given.raw
        if code not in known
    ]


def asked_only(definition: Definition, answers: Answers) -> Answers:
    """The answers to what is asked, given all of them."""
    asked = {question.code for question in shown(definition, values_of(answers))}
    return tuple(one for one in answers if one.question in asked)


def unanswered(definition: Definition, answers: Answers, given: Given) -> list[Reason]:
    """Every question that is asked and not answered as it must be."""
    values, wrong = values_of(answers), mistakes(definition, given.raw)
    asked = shown(definition, values)
    found = [
        Reason(code="answer_not_valid", field=one.code, detail=wrong[one.code]) for one in asked if one.code in wrong
    ]
    missing = [one for one in asked if one.required and one.code not in values and one.code not in wrong]
    return [*found, *(Reason(code="answer_missing", field=one.code, detail="Answer this question.") for one in missing)]


def before_asked(asked_on: BusinessTime | None, answered_on: BusinessTime | None) -> list[Reason]:
    """Answers that came by telephone or on paper are dated back as far as the site was asked, and no further."""
    if asked_on is None or answered_on is None or not is_before(answered_on, asked_on):
        return []
    detail = f"The site cannot have answered on {answered_on}, before it was asked on {asked_on}. Correct the date."
    return [Reason(code="answered_before_asked", field="occurred_at", detail=detail)]


def values_of(answers: Answers) -> dict[str, Value]:
    """The answers by question."""
    return {one.question: one.value for one in answers}
