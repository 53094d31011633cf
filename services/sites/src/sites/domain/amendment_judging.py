"""When a version was implemented at a site: the first day from its effect on, on which every step it asks for was so.

Pure, of all that is known: facts that are learned in another order give the same days, and an entry that is made late
gives those that would have been told in time. What comes after that day does not touch it; what turns out to have been
otherwise on it does. A step that does not hold on a day is open on it, whenever it was met before.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from sites.domain.amendment_facts import Facts, StepName, Waived
from sites.domain.amendment_steps import Asked, Because, Lack, LackCode, consent_steps, steps_before_consent
from sites.domain.protocol_versions import Amendment
from sites.domain.spans import A_DAY, Span, first_day, first_free, without

StepStatus = Literal["open", "met", "waived", "not_required"]
Status = Literal["open", "implemented", "superseded", "discontinued"]
EndCause = Literal["site_closed", "effect_ended", "not_concerned"]
NAMED_MAX: Final = 20
"""So many of those whom a step waits for are named; all of them are counted."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lacking(_Value):
    """What a step waits for, and of whom: a submission, person, subject or document by its id."""

    code: LackCode
    who: str | None = None


class JudgedStep(_Value):
    """One step as it stands: since when it holds, how many days after the version's approval, or what it waits for."""

    step: StepName
    status: StepStatus
    because: Because
    met_on: date | None = None
    lag_days: int | None = None
    evidence: tuple[str, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    lacking_count: int = 0


class Judgement(_Value):
    """Every step, and what follows for the version at the site; `next_on` is when a day alone may change it."""

    steps: tuple[JudgedStep, ...] = ()
    status: Status = "open"
    implemented_on: date | None = None
    ended_on: date | None = None
    superseded_by: str | None = None
    because: EndCause | None = None
    next_on: date | None = None


def judged(facts: Facts, waived: Sequence[Waived], today: date) -> Judgement:
    """How the version stands at the site today."""
    amendment = facts.amendment
    if amendment is None:
        return Judgement(status="discontinued", because="not_concerned")
    before = steps_before_consent(facts, amendment)
    others_done = first_free(amendment.effective_on, _in_the_way(before, waived))
    asked = [*before, *consent_steps(facts, amendment, others_done)]
    last = min(today, amendment.until - A_DAY, facts.closed_on)
    done = first_free(amendment.effective_on, _in_the_way(asked, waived))
    implemented = done if done <= last else None
    day = implemented or last
    steps = tuple(_step(one, waived, amendment, day) for one in asked)
    if implemented is not None:
        return Judgement(steps=steps, status="implemented", implemented_on=implemented)
    return _unfinished(facts, amendment, today, steps, _next(asked, waived, facts, today))


def _unfinished(
    facts: Facts, amendment: Amendment, today: date, steps: tuple[JudgedStep, ...], next_on: date | None
) -> Judgement:
    replaced, closed = amendment.until, facts.closed_on
    if closed <= today and closed < replaced:
        return Judgement(steps=steps, status="discontinued", ended_on=closed, because="site_closed")
    if replaced <= today and amendment.superseded_by is not None:
        by = amendment.superseded_by
        return Judgement(steps=steps, status="superseded", ended_on=replaced, superseded_by=by)
    if replaced <= today:
        return Judgement(steps=steps, status="discontinued", ended_on=replaced, because="effect_ended")
    return Judgement(steps=steps, next_on=next_on)


def _in_the_way(asked: Iterable[Asked], waived: Sequence[Waived]) -> list[Span]:
    return [lack.span for one in asked if one.required for lack in _unwaived(one, waived)]


def _unwaived(one: Asked, waived: Sequence[Waived]) -> list[Lack]:
    """What was lacking and not waived: the step is waived from a day on."""
    given = [Span(since=first_day(waiver.on)) for waiver in waived if waiver.step == one.step]
    return [lack.model_copy(update={"span": span}) for lack in one.lacks for span in without(lack.span, given)]


def _step(one: Asked, waived: Sequence[Waived], amendment: Amendment, day: date) -> JudgedStep:
    if not one.required:
        return JudgedStep(step=one.step, status="not_required", because=one.because)
    left = _unwaived(one, waived)
    lacking = [Lacking(code=lack.code, who=lack.who) for lack in left if lack.span.covers(day)]
    if lacking:
        known = sorted(set(lacking), key=lambda lack: (lack.code, lack.who or ""))
        named = tuple(known[:NAMED_MAX])
        return JudgedStep(step=one.step, status="open", because=one.because, lacking=named, lacking_count=len(known))
    if one.step == "reconsent" and all(lack.span.since > day for lack in one.lacks):
        return JudgedStep(step=one.step, status="not_required", because="nobody_concerned")
    ended = (lack.span.until for lack in left if lack.span.until <= day)
    met_on = max([amendment.approved_on or amendment.effective_on, *ended])
    evidence = tuple(sorted({basis.event_id for basis in one.bases if basis.span.covers(day)}))
    is_waived = any(lack.span.covers(day) for lack in one.lacks)
    lag = (met_on - amendment.approved_on).days if amendment.approved_on is not None else None
    status: StepStatus = "waived" if is_waived else "met"
    return JudgedStep(step=one.step, status=status, because=one.because, met_on=met_on, lag_days=lag, evidence=evidence)


def _next(asked: Sequence[Asked], waived: Sequence[Waived], facts: Facts, today: date) -> date | None:
    amendment = facts.amendment
    ends = [amendment.effective_on, amendment.until] if amendment is not None else []
    spans = [lack.span for one in asked if one.required for lack in (*one.lacks, *_unwaived(one, waived))]
    days = [*ends, *(day for span in spans for day in (span.since, span.until))]
    closes = [facts.closed_on + A_DAY] if facts.closed_on < date.max else []
    return min((day for day in (*days, *closes) if today < day < date.max), default=None)
