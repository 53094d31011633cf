"""Obligations that the course of a trial begins by itself: their clocks are reckoned from this service's own records.

Whatever comes first, the milestone, the authorisation or the notification: each has the same clock reckoned anew.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from chassis import clock as wall
from chassis.commands import Builder, Unit
from kernel import BusinessTime, bounds

from regulatory.domain.calendar import Deadline, deadline, is_reckoned
from regulatory.domain.clock_messages import Period, ReckonObligation
from regulatory.domain.clock_rules import CLOCK_RULES, ClockRule
from regulatory.domain.clock_state import Clock
from regulatory.domain.submission_state import Submission
from regulatory.domain.trial_obligations import (
    AUTHORISING,
    Course,
    Duty,
    First,
    Sent,
    anchor_of,
    begins_with,
    met_on,
    scope_of,
)
from regulatory.handlers.places import place_of
from regulatory.projections import MILESTONES
from regulatory.store import CLOCKS, SUBMISSIONS

AUTHORISATION: Final = "authority_approval"
"""The country's milestone of which this service knows itself."""


def reckon(duty: Duty, sponsor_id: str, seen: First | None = None) -> Builder[ReckonObligation]:
    """Have the clock of a duty run as the course of its trial says.

    `seen` stands for a milestone that is not told of: `sites` tells of those of planned studies, and what is entered.
    """

    async def build(unit: Unit) -> ReckonObligation:
        first = CLOCK_RULES.seen[duty.rule_id]
        clock = await unit.find(CLOCKS, duty.clock_id)
        course = await course_of(unit, duty.study_id, [*_seen(first, seen, clock)])
        anchor = anchor_of(first, duty, course)
        rule = _in_force(first, anchor)
        return ReckonObligation(
            occurred_at=anchor,
            period=_period(rule or first, duty, sponsor_id),
            deadline=_ends(rule, duty, anchor, clock),
            now=wall.now(),
            done_on=met_on(rule, duty, course, anchor) if rule is not None and anchor is not None else None,
            held_by_another=clock is None and bool(await running_beside(unit, duty)),
        )

    return build


async def course_of(unit: Unit, study_id: str, seen: Collection[First]) -> Course:
    """What this service knows of a trial's course."""
    rows = await unit.read(MILESTONES.collection, {"study": study_id})
    submissions = await unit.every(SUBMISSIONS, {"study": study_id})
    authorised = _authorised(submissions)
    known: dict[tuple[str | None, str], BusinessTime | None] = {
        **{(country, AUTHORISATION): since for country, since in authorised.items()},
        **{(one.country, one.kind): one.on for one in sorted(seen, key=lambda one: bounds(one.on)[0], reverse=True)},
        **{(one["country"], one["kind"]): one["actual"] for one in rows},
    }
    return Course(
        milestones={milestone: actual for milestone, actual in known.items() if actual is not None},
        authorised=authorised,
        sent=[sent for one in submissions if (sent := _sent(one)) is not None],
        measures={one.submission_id: on for one in submissions if (on := _measure(one)) is not None},
    )


async def running_beside(unit: Unit, duty: Duty) -> list[dict[str, Any]]:
    """Other clocks under a duty's rule in its place: those that somebody began by hand."""
    same = {"state.period.rule_id": duty.rule_id, "state.period.country": duty.country, "state.period.site_id": None}
    found = await unit.read(CLOCKS.collection, {"study": duty.study_id, **same})
    return [one for one in found if one["_id"] != duty.clock_id and duty.submission_id is None]


def _seen(rule: ClockRule, seen: First | None, clock: Clock | None) -> Iterator[First]:
    """What stands for milestones that are not told of: what was seen now, and by what the clock began before."""
    if seen is not None:
        yield seen
    if clock is not None and clock.anchor is not None and scope_of(rule) == "country" and clock.period.country:
        yield First(clock.period.country, begins_with(rule), clock.anchor)


def _in_force(rule: ClockRule, anchor: BusinessTime | None) -> ClockRule | None:
    if anchor is None or not is_reckoned(anchor):
        return None
    return CLOCK_RULES.in_force(rule.id, bounds(anchor)[0].date())


def _ends(rule: ClockRule | None, duty: Duty, anchor: BusinessTime | None, clock: Clock | None) -> Deadline | None:
    if rule is None or anchor is None:
        return None
    over = tuple(one for one in clock.suspensions if one.until is not None) if clock is not None else ()
    return deadline(rule, anchor, place_of(rule, duty.country, otherwise="UTC"), suspensions=over)


def _period(rule: ClockRule, duty: Duty, sponsor_id: str) -> Period:
    return Period(
        clock_id=duty.clock_id,
        study_id=duty.study_id,
        sponsor_id=sponsor_id,
        country=duty.country,
        site_id=None,
        about_type="obligation",
        about_id=duty.submission_id or rule.anchor,
        rule_id=rule.id,
        rule_version=rule.version,
        obliges=rule.obliges,
        if_missed=rule.if_missed,
    )


def _authorised(submissions: list[Submission]) -> dict[str, BusinessTime]:
    """Since when each country's authority agrees to the trial, by the first of its decisions."""
    granted = [
        (one.country, one.decided_on)
        for one in submissions
        if one.kind in AUTHORISING and one.body == "competent_authority" and one.granted_as is not None
    ]
    dated = sorted(((country, on) for country, on in granted if on is not None), key=lambda one: bounds(one[1])[0])
    return dict(reversed(dated))


def _sent(submission: Submission) -> Sent | None:
    """What a body has, unless it was taken back."""
    on = next((taken.on for taken in submission.steps if taken.step == "submitted"), None)
    if on is None or submission.status == "withdrawn":
        return None
    return Sent(submission.kind, submission.body, submission.country, submission.notifies, on)


def _measure(submission: Submission) -> BusinessTime | None:
    """When a modification was first carried out as an urgent safety measure."""
    days = [one.on for one in submission.implementations if one.urgent_safety_measure and one.on is not None]
    return min(days, key=lambda one: bounds(one)[0], default=None)
