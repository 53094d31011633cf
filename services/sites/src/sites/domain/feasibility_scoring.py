"""The score of a returned questionnaire, explained question by question, and the order of a study's candidates. Pure.

A question that was asked gives 0 to 100 points; the score is their average by weight, in percent with one decimal,
rounded half up. What was asked and not answered gives 0. What was not asked does not count. An answer may disqualify,
whatever the score.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from kernel import BusinessTime, State, bounds

from sites.domain.feasibility_questions import POINTS_MAX, Award, Definition, Question, Value, shown

TENTHS_MAX: Final = 1_000


class QuestionScore(State):
    """What one question gave and why: `for_answer` names the options or the range; None: not answered."""

    question: str
    weight: int
    points: int
    for_answer: str | None
    disqualifies: bool


class Score(State):
    """The score in percent; None where no question that was asked counts."""

    percent: float | None
    disqualified_by: tuple[str, ...]
    questions: tuple[QuestionScore, ...]


def score(definition: Definition, answers: Mapping[str, Value]) -> Score:
    """Score the answers."""
    scored = tuple(
        _score_of(question, answers.get(question.code))
        for question in shown(definition, answers)
        if question.weight > 0
    )
    return Score(
        percent=_percent(scored),
        disqualified_by=tuple(one.question for one in scored if one.disqualifies),
        questions=scored,
    )


def _percent(scored: Iterable[QuestionScore]) -> float | None:
    listed = list(scored)
    most = sum(one.weight for one in listed) * POINTS_MAX
    if most == 0:
        return None
    reached = sum(one.weight * one.points for one in listed)
    return (2 * TENTHS_MAX * reached + most) // (2 * most) / 10


def _score_of(question: Question, value: Value | None) -> QuestionScore:
    awards = _awards(question, value) if value is not None else []
    return QuestionScore(
        question=question.code,
        weight=question.weight,
        points=min(POINTS_MAX, sum(award.points for award in awards)),
        for_answer=None if value is None else ", ".join(map(_reason, awards)) or "no points for this answer",
        disqualifies=any(award.disqualifies for award in awards),
    )


def _awards(question: Question, value: Value) -> list[Award]:
    if question.kind != "number":
        given = (value,) if isinstance(value, str) else value
        return [award for award in question.awards if award.option in given]
    assert isinstance(value, str), "a number is one text"
    reached = [award for award in question.awards if _limit(award) <= Decimal(value)]
    return sorted(reached, key=_limit)[-1:]


def _limit(award: Award) -> Decimal:
    return Decimal(str(award.at_least))


def _reason(award: Award) -> str:
    return award.option if award.option is not None else f"at least {award.at_least:g}"


# Ranking

Criterion = Literal["not_disqualified", "score", "pre_study_visit", "returned_earlier", "site_id"]


class Candidate(State):
    """A site that might take part, with what is known of it. Without `returned_on` its answers are still due."""

    site_id: str
    assessment_id: str
    status: str
    percent: float | None = None
    disqualified_by: tuple[str, ...] = ()
    returned_on: BusinessTime | None = None
    pre_study_visit_on: BusinessTime | None = None


class Ranked(Candidate):
    """A candidate in its place; `ahead_by` is the criterion that puts it before the next. Without answers: no rank."""

    rank: int | None
    ahead_by: Criterion | None = None


def rank(candidates: Iterable[Candidate]) -> list[Ranked]:
    """The best first: not disqualified, then the higher score, then who was visited, then who answered earlier.

    Whose answers are still due come last, without a rank. The id of the site decides where nothing else does, so that
    the order is the same for everybody.
    """
    listed = list(candidates)
    answered = sorted((one for one in listed if one.returned_on is not None), key=_place)
    due = sorted((one for one in listed if one.returned_on is None), key=lambda one: one.site_id)
    following = [*answered[1:], None]
    ranked = [
        Ranked(**dict(one), rank=number, ahead_by=_ahead_by(one, other))
        for number, (one, other) in enumerate(zip(answered, following, strict=False), start=1)
    ]
    return [*ranked, *(Ranked(**dict(one), rank=None) for one in due)]


def _place(one: Candidate) -> tuple[bool, float, bool, datetime, str]:
    percent = -1.0 if one.percent is None else one.percent
    returned = bounds(one.returned_on or "9999")[0]
    return (bool(one.disqualified_by), -percent, one.pre_study_visit_on is None, returned, one.site_id)


def _ahead_by(one: Candidate, following: Candidate | None) -> Criterion | None:
    if following is None:
        return None
    criteria: tuple[Criterion, ...] = ("not_disqualified", "score", "pre_study_visit", "returned_earlier", "site_id")
    pairs = zip(criteria, _place(one), _place(following), strict=True)
    return next(criterion for criterion, mine, theirs in pairs if mine != theirs)
