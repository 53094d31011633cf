"""Commands for clocks: the end of each period is reckoned here, from its rule and the stored clock."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chassis import clock as wall
from chassis.commands import Builder, Unit
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.ticking import Due
from kernel import BusinessTime, Reason, Refused

from regulatory.domain.calendar import DATE_CHARACTERS, Deadline, Suspension, deadline, decided, is_reckoned, local_day
from regulatory.domain.clock_messages import ExtendClock, NoteDeadline, Period, ResumeClock, StartClock
from regulatory.domain.clock_orders import Extend, StartForSubmission, is_over
from regulatory.domain.clock_rules import CLOCK_RULES, ClockRule
from regulatory.domain.clock_state import Clock
from regulatory.domain.trial_obligations import duty_of
from regulatory.handlers.known import require_site, require_study
from regulatory.handlers.places import place_of, zone_of
from regulatory.store import CLOCKS, SUBMISSIONS

WAITING = "state.next_alert_at"


@dataclass(frozen=True)
class Obligation:
    """What a person says of a period that begins: under which rule, since when, and what it is about."""

    study_id: str
    rule_id: str
    about_id: str
    since: BusinessTime
    country: str | None = None
    site_id: str | None = None
    due_on: date | None = None


def start_obligation(clock_id: str, wanted: Obligation) -> Builder[StartClock]:
    """Begin the period of an obligation that the platform does not see by itself."""

    async def build(unit: Unit) -> StartClock:
        study = await require_study(unit, wanted.study_id)
        country = wanted.country
        if wanted.site_id is not None:
            site = await require_site(unit, wanted.study_id, wanted.site_id)
            country = _same_country(country, site["country"])
        rule, country = _rule_for(wanted, country)
        await _require_not_running(unit, rule, wanted, country)
        place = place_of(rule, country)
        reckoned = deadline(rule, wanted.since, place)
        ends = decided(wanted.since, wanted.due_on, place.zone) if wanted.due_on is not None else reckoned
        period = Period(
            clock_id=clock_id,
            study_id=wanted.study_id,
            sponsor_id=study["sponsor"],
            country=country,
            site_id=wanted.site_id,
            about_type="obligation",
            about_id=wanted.about_id,
            rule_id=rule.id,
            rule_version=rule.version,
            obliges=rule.obliges,
            if_missed=rule.if_missed,
            due_by_body=wanted.due_on is not None,
        )
        return StartClock(occurred_at=wanted.since, period=period, deadline=ends, now=wall.now())

    return build


def start_for_submission(clock_id: str, wanted: StartForSubmission) -> Builder[StartClock]:
    """Begin a period of a submission; where its history is past the period's end already, in silence."""

    async def build(unit: Unit) -> StartClock:
        rule = wanted.rule
        place = place_of(rule, wanted.country, otherwise="UTC")
        by_body = wanted.due_on is not None
        ends = decided(wanted.since, wanted.due_on, place.zone) if wanted.due_on is not None else None
        submission = await unit.require(SUBMISSIONS, wanted.submission_id)
        period = Period(
            clock_id=clock_id,
            study_id=wanted.study_id,
            sponsor_id=wanted.sponsor_id,
            country=wanted.country,
            site_id=wanted.site_id,
            about_type="submission",
            about_id=wanted.submission_id,
            rule_id=rule.id,
            rule_version=rule.version,
            obliges=rule.obliges,
            if_missed=rule.if_missed,
            round=wanted.round,
            due_by_body=by_body,
        )
        return StartClock(
            occurred_at=wanted.since,
            period=period,
            deadline=ends or deadline(rule, wanted.since, place),
            now=wall.now(),
            over=is_over(rule, submission.steps[wanted.version :]),
        )

    return build


def extend_clock(clock_id: str, wanted: Extend) -> Builder[ExtendClock]:
    """Lengthen a period by another rule's days."""

    async def build(unit: Unit) -> ExtendClock:
        clock, rule = await unit.find(CLOCKS, clock_id), wanted.rule
        return ExtendClock(
            occurred_at=wanted.on,
            under_rule_id=rule.id,
            more_days=rule.amount,
            deadline=extended(clock, rule.amount) if clock is not None else None,
            now=wall.now(),
            only_if_open=True,
        )

    return build


def resume_clock(clock_id: str, at: BusinessTime | None, *, only_if_open: bool = False) -> Builder[ResumeClock]:
    """Let a paused clock go on, its end reckoned anew."""

    async def build(unit: Unit) -> ResumeClock:
        clock = await (unit.find if only_if_open else unit.require)(CLOCKS, clock_id)
        ends = resumed(clock, at) if clock is not None and clock.status == "paused" and at is not None else None
        return ResumeClock(occurred_at=at, deadline=ends, now=wall.now(), only_if_open=only_if_open)

    return build


def resumed(clock: Clock, at: BusinessTime) -> Deadline:
    """The end of a paused clock whose days count again from the day after."""
    since = clock.suspensions[-1].since
    until = max(local_day(at, clock.deadline.zone), since)
    over = (*clock.suspensions[:-1], Suspension(since=since, until=until))
    return _reckoned(clock, over, clock.more_days, later=(until - since).days)


def extended(clock: Clock, more_days: int) -> Deadline:
    """The end of a clock that is so many calendar days longer; of a paused one it is reckoned when it goes on."""
    if clock.status == "paused":
        return clock.deadline
    return _reckoned(clock, clock.suspensions, clock.more_days + more_days, later=more_days)


async def due_clocks(database: Database, now: datetime) -> AsyncGenerator[Due]:
    """Clocks that have something to tell by now, the longest due first."""
    condition = {WAITING: {"$type": "string", "$lte": f"{now:%Y-%m-%dT%H:%M:%SZ}"}}
    command = NoteDeadline(occurred_at=None, now=now)
    clocks = database.collection(CLOCKS.collection)
    async for one in clocks.stream(Scope.everything(), condition, sort=[(WAITING, 1)]):
        yield Due(CLOCKS, one["_id"], one["version"], command)


def _reckoned(clock: Clock, suspensions: tuple[Suspension, ...], more_days: int, *, later: int) -> Deadline:
    period, before = clock.period, clock.deadline
    rule = CLOCK_RULES.version(period.rule_id, period.rule_version)
    anchor = clock.anchor or before.anchored_on.isoformat()
    if rule is None or period.due_by_body or rule.unit == "as_decided":
        return decided(anchor, before.due_on + timedelta(days=later), before.zone)
    place = place_of(rule, period.country, otherwise=before.zone)
    return deadline(rule, anchor, place, suspensions=suspensions, more_days=more_days)


async def _require_not_running(unit: Unit, rule: ClockRule, wanted: Obligation, country: str | None) -> None:
    """What began by itself with the course of the trial is not begun beside it."""
    seen = CLOCK_RULES.seen.get(rule.id)
    duty = duty_of(seen, wanted.study_id, country) if seen is not None and wanted.site_id is None else None
    if duty is None or await unit.find(CLOCKS, duty.clock_id) is None:
        return
    detail = f"It began by itself, with {rule.anchor.replace('_', ' ')}: see GET /v1/clocks/{duty.clock_id}."
    raise Refused(Reason(code="began_by_itself", field="rule_id", detail=detail))


def _same_country(country: str | None, of_site: str) -> str:
    if country is not None and country != of_site:
        detail = f"The site lies in {of_site}: its clock cannot run for {country}. Leave the country out."
        raise Refused(Reason(code="country_differs", field="country", detail=detail))
    return of_site


def _rule_for(wanted: Obligation, country: str | None) -> tuple[ClockRule, str | None]:
    """The version in force on the anchor's day, and the country whose authority keeps the period."""
    unmet = _undated(wanted)
    rule = None if unmet else CLOCK_RULES.in_force(wanted.rule_id, _anchor_day(wanted, country))
    if rule is None and not unmet:
        unmet = [_no_rule(wanted)]
    if rule is not None:
        country = country or (rule.jurisdiction if rule.jurisdiction not in {"EU", "*"} else None)
        unmet = [*_elsewhere(rule, country), *_not_by_hand(rule), *_due_before(wanted, country)]
    if unmet or rule is None:
        raise Refused(*unmet)
    return rule, country


def _anchor_day(wanted: Obligation, country: str | None) -> date:
    return local_day(wanted.since, zone_of(country))


def _undated(wanted: Obligation) -> list[Reason]:
    if len(wanted.since) >= DATE_CHARACTERS and is_reckoned(wanted.since):
        return []
    detail = f"A period begins on a day between 1950 and 2199: {wanted.since} names none. Give the day."
    return [Reason(code="anchor_imprecise", field="occurred_at", detail=detail)]


def _no_rule(wanted: Obligation) -> Reason:
    known = wanted.rule_id in CLOCK_RULES.ids
    detail = (
        f"The rule {wanted.rule_id} is not in force on {wanted.since}: see GET /v1/clock-rules."
        if known
        else f"There is no rule {wanted.rule_id}: see GET /v1/clock-rules."
    )
    return Reason(code="rule_not_in_force" if known else "rule_unknown", field="rule_id", detail=detail)


def _due_before(wanted: Obligation, country: str | None) -> list[Reason]:
    if wanted.due_on is None or wanted.due_on >= _anchor_day(wanted, country):
        return []
    detail = f"It cannot be due on {wanted.due_on}, before it begins on {wanted.since}."
    return [Reason(code="due_before_start", field="due_on", detail=detail)]


def _elsewhere(rule: ClockRule, country: str | None) -> list[Reason]:
    if rule.jurisdiction == "*" and country is None:
        detail = "The rule holds everywhere: name the country whose authority keeps the period."
        return [Reason(code="country_missing", field="country", detail=detail)]
    if rule.holds_in(country):
        return []
    detail = f"The rule {rule.id} holds in {rule.jurisdiction}, not in {country}. Name a rule of the country."
    return [Reason(code="rule_elsewhere", field="country", detail=detail)]


def _not_by_hand(rule: ClockRule) -> list[Reason]:
    if rule.applies_to == "obligation":
        return []
    detail = f"The rule {rule.id} begins by itself, with {rule.anchor.replace('_', ' ')}: take that step instead."
    return [Reason(code="rule_begins_by_itself", field="rule_id", detail=detail)]
