"""Public event → what it asks of clocks and submissions. Pure: each policy is a sentence with *when*.

Which clocks a step begins, pauses, extends and stops stands in the rule rows; here is only how a row is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from contracts import PublicEvent, Received, derived_id
from contracts import regulatory as public
from contracts.sites import MilestoneReached, SiteActivated, StudyMilestoneReached, SubjectConsented
from contracts.sites.amendments import AmendmentImplementedAtSite
from kernel import BusinessTime, bounds

from regulatory.domain.calendar import is_reckoned
from regulatory.domain.clock_messages import EndClock, PauseClock, StopClock
from regulatory.domain.clock_orders import Extend, Reopen, Resume, StartForSubmission, consequence, part_names
from regulatory.domain.clock_rules import CLOCK_RULES, About, ClockRule
from regulatory.domain.submission_commands import (
    ExpireApproval,
    ExtendAnswerLimit,
    ImplementModification,
    LapseSubmission,
)
from regulatory.domain.trial_obligations import AUTHORISING, Duty, First, begins_with, can_meet, duty_of, scope_of

STEP_OF: Final[dict[type[public.SubmissionEvent], str]] = {
    public.SubmissionSubmitted: "submitted",
    public.SubmissionValidationStarted: "validation_started",
    public.SubmissionValidationQuestionsReceived: "validation_questions_received",
    public.SubmissionValidationQuestionsAnswered: "validation_questions_answered",
    public.SubmissionValidated: "validated",
    public.SubmissionFoundInvalid: "found_invalid",
    public.SubmissionAssessmentStarted: "assessment_started",
    public.SubmissionQuestionsReceived: "questions_received",
    public.SubmissionQuestionsAnswered: "questions_answered",
    public.SubmissionAnswerLimitExtended: "answer_limit_extended",
    public.SubmissionApproved: "approved",
    public.SubmissionRejected: "rejected",
    public.SubmissionWithdrawn: "withdrawn",
    public.SubmissionLapsed: "lapsed",
    public.SubmissionExpired: "expired",
    public.SubmissionRenewed: "renewed",
    public.SubmissionRevoked: "revoked",
}
"""The steps of which the rule rows speak, by the events that tell of them; conclusions on parts have several names."""
FIRSTS: Final[dict[type[PublicEvent], str]] = {
    SiteActivated: "first_site_activated",
    SubjectConsented: "first_subject_in",
}
"""Milestones of a country, by the events of which the first is one."""
OF_ITS_COURSE: Final = (
    MilestoneReached,
    StudyMilestoneReached,
    *FIRSTS,
    public.SubmissionApproved,
    public.SubmissionSubmitted,
    public.SubmissionModificationImplemented,
)
"""What may begin an obligation of a trial, or meet it: of all other events no rule has to be asked."""
Wanted = StartForSubmission | Resume | Reopen | Extend | StopClock | PauseClock | EndClock


@dataclass(frozen=True)
class ClockOrder:
    """What an event asks of one clock."""

    clock_id: str
    wanted: Wanted


def clock_orders(received: Received) -> Iterator[ClockOrder]:
    """When a submission takes a step, its clocks begin, go on and end as their rules say; at most one order a clock."""
    event, since = received.event, received.envelope.occurred_at or received.envelope.recordedtime.isoformat()
    if not isinstance(event, public.SubmissionEvent) or event.kind is None or not is_reckoned(since):
        return
    names = names_of(event)
    concerning = CLOCK_RULES.concerning(About(event.country, event.kind, event.body, event.parts))
    begun = dict(_started(received, event, names, concerning, since))
    yield from (ClockOrder(clock_id, wanted) for clock_id, wanted in begun.items())
    for rule in {rule.id: rule for rule in concerning if rule.extends is None}.values():
        for number in range(1, _times(rule, event) + 1):
            clock_id = clock_id_of(event.submission_id, rule.id, number)
            if clock_id not in begun and (wanted := _wanted(rule, names, since)) is not None:
                yield ClockOrder(clock_id, wanted)


def duties(received: Received) -> Iterator[Duty]:
    """When the course of a trial may begin an obligation, or tell that it was met, its clock is reckoned anew."""
    event = received.event
    if not isinstance(event, OF_ITS_COURSE) or (type(event) in FIRSTS and first_seen(received) is None):
        return
    found: dict[str, Duty] = {}
    for rule in CLOCK_RULES.seen.values():
        if _may_concern(rule, event) and (duty := _duty(rule, event)) is not None:
            found[duty.clock_id] = duty
    yield from found.values()


def first_seen(received: Received) -> First | None:
    """A site that may enrol, or a consent: it may be the first of its country. Not what was taken over."""
    envelope, event = received
    if not isinstance(event, SiteActivated | SubjectConsented) or envelope.provenance != "recorded":
        return None
    return First(event.country, FIRSTS[type(event)], envelope.occurred_at or envelope.recordedtime.isoformat())


def submission_order(received: Received) -> tuple[str, LapseSubmission | ExpireApproval] | None:
    """When a deadline is missed and the law makes the submission lapse or its approval run out, it does."""
    event = received.event
    if not isinstance(event, public.RegulatoryDeadlineMissed) or event.about_type != "submission":
        return None
    at = received.envelope.occurred_at
    if event.if_missed == "lapsed":
        return event.about_id, LapseSubmission(occurred_at=at, cause="answer_limit_missed", round=event.round)
    if event.if_missed == "expired":
        return event.about_id, ExpireApproval(occurred_at=at, by_policy=True)
    return None


def longer_limit(received: Received) -> tuple[str, ExtendAnswerLimit] | None:
    """When the body sets a later end for the sponsor's answer, the submission waits for it until then."""
    event = received.event
    if not isinstance(event, public.RegulatoryClockExtendedByBody) or event.round is None:
        return None
    if (event.about_type, event.obliges) != ("submission", "sponsor"):
        return None
    at = received.envelope.occurred_at
    return event.about_id, ExtendAnswerLimit(occurred_at=at, round=event.round, due_on=event.due_on)


def implementations(received: Received) -> Iterator[tuple[str, ImplementModification]]:
    """When a site works by a version of the protocol, the modifications that covered it are carried out there."""
    event = received.event
    if isinstance(event, AmendmentImplementedAtSite):
        place = {"site_id": event.site_id, "site_country": event.country}
        at = received.envelope.occurred_at
        command = ImplementModification.model_validate({"occurred_at": at, **place, "by_policy": True})
        yield from ((submission_id, command) for submission_id in event.submissions)


def names_of(event: public.SubmissionEvent) -> frozenset[str]:
    """The names that rule rows have for a step."""
    if isinstance(event, public.SubmissionPartConcluded):
        return part_names(event.part, completes=event.completed_on is not None)
    if isinstance(event, public.SubmissionAnswerLimitExtended) and not event.had_lapsed:
        return frozenset()
    step = STEP_OF.get(type(event))
    return frozenset({step}) if step is not None else frozenset()


def clock_id_of(submission_id: str, rule_id: str, number: int) -> str:
    """The id of the clock that a rule begins for a submission for the n-th time."""
    return derived_id("clock", submission_id, rule_id, str(number))


def _may_concern(rule: ClockRule, event: PublicEvent) -> bool:
    scope = scope_of(rule)
    match event:
        case StudyMilestoneReached():
            return scope == "study" and begins_with(rule) == event.milestone
        case MilestoneReached(level="country") | SiteActivated() | SubjectConsented():
            return _speaks_of(rule, FIRSTS.get(type(event)) or getattr(event, "kind", ""))
        case public.SubmissionApproved(body="competent_authority"):
            return event.kind in AUTHORISING and scope != "submission"
        case public.SubmissionSubmitted():
            return scope != "submission" and can_meet(rule, event.kind, event.body)
        case public.SubmissionModificationImplemented():
            return scope == "submission" and event.urgent_safety_measure
        case _:
            return False


def _speaks_of(rule: ClockRule, kind: str) -> bool:
    """Whether a country's milestone of this kind begins a rule's period, or ends it."""
    begins = scope_of(rule) in {"country", "every_country"} and begins_with(rule) == kind
    return begins or f"country.{kind}" in rule.stops_on


def _duty(rule: ClockRule, event: PublicEvent) -> Duty | None:
    country: str | None = getattr(event, "country", None)
    return duty_of(rule, event.study_id, country, getattr(event, "submission_id", None))


def _started(
    received: Received,
    event: public.SubmissionEvent,
    names: frozenset[str],
    concerning: list[ClockRule],
    since: BusinessTime,
) -> Iterator[tuple[str, StartForSubmission | Extend]]:
    for rule in concerning:
        at = _anchored(rule, event, since)
        if rule.anchor not in names or not rule.is_in_force(bounds(at)[0].date()) or not _of_part(rule, event):
            continue
        if rule.extends is not None:
            yield clock_id_of(event.submission_id, rule.extends, 1), Extend(rule, at)
        elif (due_on := _due_on(event)) is not None or rule.unit != "as_decided":
            number = _times(rule, event)
            start = StartForSubmission(
                rule=rule,
                submission_id=event.submission_id,
                study_id=event.study_id,
                sponsor_id=received.envelope.sponsor,
                country=event.country,
                site_id=event.site_id,
                since=at,
                version=received.envelope.aggregateversion,
                round=number if "questions" in rule.anchor else None,
                due_on=due_on if rule.unit == "as_decided" or _limited_by_body(rule, event) else None,
            )
            yield clock_id_of(event.submission_id, rule.id, number), start


def _wanted(rule: ClockRule, names: frozenset[str], on: BusinessTime) -> Wanted | None:
    match consequence(rule, names):
        case "stop":
            return StopClock(occurred_at=on, only_if_open=True)
        case "pause":
            return PauseClock(occurred_at=on, only_if_open=True)
        case "resume":
            return Resume(on)
        case "reopen":
            return Reopen(on)
        case "end":
            return EndClock(occurred_at=on, only_if_open=True)
        case None:
            return None


def _times(rule: ClockRule, event: public.SubmissionEvent) -> int:
    """How often the rule's anchor has been so far, at most: rounds and renewals repeat."""
    if "questions" in rule.anchor:
        return event.rounds
    return event.renewals if rule.anchor == "renewed" else 1


def _anchored(rule: ClockRule, event: public.SubmissionEvent, since: BusinessTime) -> BusinessTime:
    """An assessment is complete on the latest date of its parts, in whichever order these were entered."""
    if rule.anchor == "assessment_concluded" and isinstance(event, public.SubmissionPartConcluded):
        return event.completed_on or since
    return since


def _of_part(rule: ClockRule, event: public.SubmissionEvent) -> bool:
    part = getattr(event, "part", None)
    return part is None or not rule.parts or rule.anchor == "assessment_concluded" or part in rule.parts


def _limited_by_body(rule: ClockRule, event: public.SubmissionEvent) -> bool:
    return rule.obliges == "sponsor" and getattr(event, "due_by_body", False)


def _due_on(event: public.SubmissionEvent) -> date | None:
    """The end that the body has set: of the answer's limit, or the last day on which its approval holds."""
    if isinstance(event, public.SubmissionApproved | public.SubmissionRenewed):
        ends = event.expires_on
        return (bounds(ends)[1] - timedelta(microseconds=1)).date() if ends and is_reckoned(ends) else None
    return getattr(event, "due_on", None)
