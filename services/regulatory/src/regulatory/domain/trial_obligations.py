"""What the course of a trial obliges to by itself: since when a period runs, and when what was due was done. Pure.

A row of `clock_rules.csv` says with what a period `begins_with`: a milestone of the country, of the study or of every
country where the trial is authorised under the row's law, or a measure that a submission tells of. It is met by a
submission of one of the row's kinds to one of its bodies, or with a milestone on which it `stops_on`. A kind in
`SAYING_OF_WHAT` meets only what it says that it notifies.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kernel import BusinessTime, Reason, bounds, derived_id

from regulatory.domain.calendar import is_reckoned
from regulatory.domain.clock_rules import CLOCK_RULES, ClockRule
from regulatory.domain.submission_steps import Body, Kind

AUTHORISING: Final[frozenset[Kind | None]] = frozenset({"initial", "additional_member_state"})
SAYING_OF_WHAT: Final[frozenset[Kind | None]] = frozenset({"notification"})
MILESTONES: Final = frozenset(
    name.partition(".")[2] for row in CLOCK_RULES.seen.values() for name in (row.begins_with or "", *row.stops_on)
)
"""Kinds of milestones of which rules speak."""


@dataclass(frozen=True)
class Duty:
    """An obligation of a trial under a rule, in a country or in all of them, or about what one submission tells."""

    rule_id: str
    study_id: str
    country: str | None
    submission_id: str | None = None

    @property
    def clock_id(self) -> str:
        """The id of its clock."""
        return derived_id("clock", self.study_id, self.rule_id, self.country or "", self.submission_id or "")


@dataclass(frozen=True)
class First:
    """Something that may be the first of its kind in a country, and so its milestone."""

    country: str
    kind: str
    on: BusinessTime


@dataclass(frozen=True)
class Sent:
    """A submission that a body has, and since when."""

    kind: Kind | None
    body: Body
    country: str
    notifies: Collection[str]
    on: BusinessTime


@dataclass(frozen=True)
class Course:
    """What is on record of a trial: milestones by country (none: the study's) and kind, and what bodies have to do.

    `authorised` tells since when a country's authority agrees; `measures` when a submission's urgent one was taken.
    """

    milestones: Mapping[tuple[str | None, str], BusinessTime]
    authorised: Mapping[str, BusinessTime]
    sent: Sequence[Sent] = ()
    measures: Mapping[str, BusinessTime] = field(default_factory=dict[str, BusinessTime])


def duty_of(rule: ClockRule, study_id: str, country: str | None, submission_id: str | None = None) -> Duty | None:
    """The duty under a rule that something in a country may concern; None where it is another country's."""
    where = scope_of(rule)
    if country is not None and not rule.holds_in(country):
        return None
    if where in {"study", "every_country"}:
        return Duty(rule.id, study_id, None)
    return Duty(rule.id, study_id, country, submission_id if where == "submission" else None)


def scope_of(rule: ClockRule) -> str:
    """Of what it is a milestone that begins the rule's period."""
    return (rule.begins_with or "").partition(".")[0]


def begins_with(rule: ClockRule) -> str:
    """The kind of milestone, or of measure, that begins the rule's period."""
    return (rule.begins_with or "").partition(".")[2]


def anchor_of(rule: ClockRule, duty: Duty, course: Course) -> BusinessTime | None:
    """When the period begins by what is on record; None where nothing begins it, or its law does not hold yet."""
    kind = begins_with(rule)
    under = [country for country, since in course.authorised.items() if _authorised_under(rule, country, since)]
    match scope_of(rule):
        case "submission":
            return course.measures.get(duty.submission_id or "")
        case "country":
            return course.milestones.get((duty.country, kind)) if duty.country in under else None
        case "study":
            return course.milestones.get((None, kind)) if under else None
        case _:
            days = [course.milestones.get((country, kind)) for country in under]
            known = [day for day in days if day is not None]
            return max(known, key=_first, default=None) if len(known) == len(days) else None


def met_on(rule: ClockRule, duty: Duty, course: Course, anchor: BusinessTime) -> BusinessTime | None:
    """When what is due since the anchor was done first, as far as it is on record."""
    days = [one.on for one in course.sent if _meets(rule, duty, one) and bounds(one.on)[1] > _first(anchor)]
    stops = (name.partition(".") for name in rule.stops_on)
    reached = [course.milestones.get((duty.country if of == "country" else None, kind)) for of, _, kind in stops]
    return min([*days, *(day for day in reached if day is not None)], key=_first, default=None)


def can_meet(rule: ClockRule, kind: Kind | None, body: Body) -> bool:
    """Whether a submission of a kind to a body may be what is due under the rule."""
    return kind in rule.kinds and (not rule.bodies or body in rule.bodies)


def not_to_notify(kind: Kind | None, body: Body, country: str, notifies: Sequence[str]) -> list[Reason]:
    """What a submission says it notifies, and that no rule of its country awaits from it."""
    if not notifies:
        return []
    if kind not in SAYING_OF_WHAT:
        detail = f"Only a {' or a '.join(sorted(map(str, SAYING_OF_WHAT)))} says what it notifies: leave it out."
        return [Reason(code="notifies_nothing", field="notifies", detail=detail)]
    awaited = {
        rule.anchor for rule in CLOCK_RULES.seen.values() if rule.holds_in(country) and can_meet(rule, kind, body)
    }
    return [_not_awaited(one, country, awaited) for one in notifies if one not in awaited]


def _not_awaited(anchor: str, country: str, awaited: Iterable[str]) -> Reason:
    known = ", ".join(sorted(awaited)) or "nothing"
    detail = f"In {country} no rule awaits from this body that {anchor} is notified: it awaits {known}."
    return Reason(code="anchor_unknown", field="notifies", detail=detail)


def _meets(rule: ClockRule, duty: Duty, sent: Sent) -> bool:
    says = rule.anchor in sent.notifies or sent.kind not in SAYING_OF_WHAT
    here = sent.country == duty.country if duty.country is not None else rule.holds_in(sent.country)
    return here and says and can_meet(rule, sent.kind, sent.body)


def _authorised_under(rule: ClockRule, country: str, since: BusinessTime) -> bool:
    """Whether a trial is authorised by the law of the rule: what was authorised before is under an older one."""
    return rule.holds_in(country) and is_reckoned(since) and _first(since).date() >= rule.valid_from


def _first(at: BusinessTime) -> datetime:
    """The first instant that a business time may mean."""
    return bounds(at)[0]
