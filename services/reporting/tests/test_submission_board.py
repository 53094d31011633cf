"""The board of submissions: what is due stands first, and days are counted where the authority is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asking import Asking
from chassis import clock
from chassis.mongo import Database
from chassis.scope import Scope
from contracts import PublicEvent, Received, derived_id, regulatory
from reporting.consumers import on_events
from reporting.projections import clocks as clock_rows
from reporting.projections import submissions as submission_rows
from reporting.projections.reading import action_of
from reporting.queries import submission_totals
from reporting.queries.due import days_left
from reporting.queries.submission_board import SubmissionFilter
from telling import Story
from telling_clocks import BERLIN, ClockStory, first_instant_after

TODAY = clock.now().astimezone(ZoneInfo(BERLIN)).date()
BOARD = "/v1/submission-board"


class Told:
    """A sponsor's study with submissions, each with its clocks."""

    def __init__(self, sponsor: str = "Acme") -> None:
        self.story = Story(sponsor, f"{sponsor}-1")
        self.story.registered()

    def submission(self, name: str, *steps: type[PublicEvent], body: str = "competent_authority", **more: Any) -> str:
        """A submission goes through these steps."""
        key = derived_id("submission", self.story.study_id, name)
        about: dict[str, Any] = {
            "study_id": self.story.study_id,
            "submission_id": key,
            "body": body,
            "country": "DE",
            "site_id": None,
        }
        about |= more
        decision = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
        for step in (regulatory.SubmissionPrepared, *steps):
            self.story.tell(f"submission/{key}", step.model_validate({**about, **decision}), "2026-03-01")
        return key

    def clock(self, about: str, in_days: int, rule: str = "eu-ctr-part-i", **more: Any) -> ClockStory:
        """A clock that is due in so many days."""
        story = ClockStory(self.story, about, TODAY + timedelta(days=in_days), rule, **more)
        story.started("2026-02-01")
        return story


async def board(asking: Asking, *sponsors: str, **asked: str) -> list[dict[str, Any]]:
    answer = await asking(*sponsors).get(BOARD, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_what_is_overdue_stands_first_then_what_is_due_then_what_has_no_date(
    asking: Asking, database: Database
) -> None:
    told = Told()
    undated = told.submission("undated")
    later, late, soon = (told.submission(name, regulatory.SubmissionSubmitted) for name in ("later", "late", "soon"))
    for key, days in ((later, 40), (late, -3), (soon, 0)):
        told.clock(key, days)
    await on_events(database, told.story.told)
    found = await board(asking)
    assert [(one["submission_id"], one["days_left"]) for one in found] == [
        (late, -3),
        (soon, 0),
        (later, 40),
        (undated, None),
    ]
    assert [one["submission_id"] for one in await board(asking, due="overdue")] == [late]
    assert [one["submission_id"] for one in await board(asking, due="soon")] == [soon]


async def test_what_is_due_soon_is_what_has_at_most_seven_days_left_wherever_its_authority_is(
    asking: Asking, database: Database
) -> None:
    told = Told()
    for zone in (BERLIN, "Pacific/Auckland", "America/Los_Angeles"):
        today = clock.now().astimezone(ZoneInfo(zone)).date()
        for days in (-1, 0, 7, 8):
            key = told.submission(f"{zone} {days}", regulatory.SubmissionSubmitted)
            ClockStory(told.story, key, today + timedelta(days=days), zone=zone).started("2026-02-01")
    await on_events(database, told.story.told)
    left = sorted(one["days_left"] for one in await board(asking, due="soon"))
    assert left == [0, 0, 0, 7, 7, 7]
    totals = await submission_totals(database, Scope.everything(), SubmissionFilter())
    assert (totals.open, totals.overdue, totals.soon) == (12, 3, 6)


async def test_of_several_clocks_the_one_that_ends_first_decides_and_all_that_run_are_told(
    asking: Asking, database: Database
) -> None:
    told = Told()
    key = told.submission("one", regulatory.SubmissionSubmitted)
    told.clock(key, 30, "eu-ctr-part-i")
    told.clock(key, 9, "eu-ctr-answer")
    told.clock(key, 2, "eu-ctr-validation").tell(regulatory.RegulatoryClockStopped, "2026-03-09", in_time=True)
    await on_events(database, told.story.told)
    [found] = await board(asking)
    assert [one["rule_id"] for one in found["clocks"]] == ["eu-ctr-answer", "eu-ctr-part-i"]
    assert found["days_left"] == 9


async def test_a_paused_clock_is_not_counted_down_and_one_that_goes_on_is(asking: Asking, database: Database) -> None:
    told = Told()
    key = told.submission("one", regulatory.SubmissionSubmitted)
    running = told.clock(key, 5)
    paused = running.tell(regulatory.RegulatoryClockPaused, "2026-03-08")
    await on_events(database, told.story.told)
    [found] = await board(asking)
    assert (found["days_left"], found["clocks"][0]["days_left"]) == (None, None)
    running.due_on = TODAY + timedelta(days=20)
    again = running.tell(regulatory.RegulatoryClockResumed, "2026-03-09")
    await on_events(database, [paused, again])
    [found] = await board(asking)
    assert (found["days_left"], found["clocks"][0]["status"]) == (20, "running")


async def test_a_clock_that_is_heard_of_before_its_submission_is_there_when_that_comes(
    asking: Asking, database: Database
) -> None:
    told = Told()
    key = told.submission("one")
    submission = told.story.told[-1]
    told.clock(key, 4)
    await on_events(database, [one for one in told.story.told if one is not submission])
    assert await board(asking) == []
    await on_events(database, [submission])
    assert [one["days_left"] for one in await board(asking)] == [4]


async def test_what_is_decided_leaves_the_board_unless_a_period_still_runs_for_it(
    asking: Asking, database: Database
) -> None:
    told = Told()
    steps = (regulatory.SubmissionSubmitted, regulatory.SubmissionApproved)
    decided, expiring = told.submission("decided", *steps), told.submission("expiring", *steps)
    told.clock(expiring, 300, "approval-expiry")
    await on_events(database, told.story.told)
    assert [one["submission_id"] for one in await board(asking)] == [expiring]
    assert [one["submission_id"] for one in await board(asking, show="closed")] == [decided]


async def test_the_board_pages_through_everything_once_in_its_order(asking: Asking, database: Database) -> None:
    told = Told()
    for number in range(7):
        key = told.submission(f"s-{number}", regulatory.SubmissionSubmitted)
        if number % 2:
            told.clock(key, 10 - number)
    await on_events(database, told.story.told)
    everything, found, cursor = await board(asking), list[dict[str, Any]](), dict[str, str]()
    client = asking()
    while True:
        page = (await client.get(BOARD, params={"limit": "2", **cursor})).json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == everything
    assert len(found) == 7


async def test_another_sponsor_reads_nothing_of_it_whatever_they_ask(asking: Asking, database: Database) -> None:
    told, others = Told(), Told("Globex")
    told.clock(told.submission("one", body="ethics_committee"), 4)
    others.submission("theirs")
    await on_events(database, [*told.story.told, *others.story.told])
    for asked in ({}, {"sponsor": "Acme"}, {"study": told.story.study_id}, {"due": "soon"}):
        found = await board(asking, "Globex", **asked)
        assert told.story.study_id not in str(found)
    assert len(await board(asking, "Globex")) == 1
    assert len(await board(asking, body="ethics_committee", country="DE", stage="in_preparation")) == 1


@pytest.mark.parametrize(
    ("due_on", "zone", "now", "left"),
    [
        (date(2026, 3, 10), "Europe/Berlin", datetime(2026, 3, 10, 22, 59, tzinfo=UTC), 0),
        (date(2026, 3, 10), "Europe/Berlin", datetime(2026, 3, 10, 23, 0, tzinfo=UTC), -1),
        (date(2026, 3, 10), "Asia/Tokyo", datetime(2026, 3, 9, 16, 0, tzinfo=UTC), 0),
        (date(2026, 3, 10), "America/New_York", datetime(2026, 3, 11, 3, 59, tzinfo=UTC), 0),
        (date(2026, 3, 30), "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC), 2),
        (date(2026, 3, 10), "No/Such_Place", datetime(2026, 3, 9, 12, tzinfo=UTC), 1),
    ],
)
def test_days_left_are_days_of_the_authoritys_calendar(due_on: date, zone: str, now: datetime, left: int) -> None:
    known = zone if "No/" not in zone else "UTC"
    stored = {"due_on": due_on.isoformat(), "zone": zone, "due_at": first_instant_after(due_on, known)}
    assert days_left(stored, now) == left


def test_a_period_of_hours_is_over_at_its_hour() -> None:
    stored = {"due_on": "2026-03-10", "zone": "UTC", "due_at": datetime(2026, 3, 10, 9, tzinfo=UTC)}
    assert days_left(stored, datetime(2026, 3, 10, 12, tzinfo=UTC)) == -1


async def test_what_a_body_is_only_told_is_open_until_it_has_it_and_says_what_it_tells_of(
    asking: Asking, database: Database
) -> None:
    told = Told()
    about: dict[str, Any] = {"kind": "notification", "notifies": ("trial_started", "first_visit_of_first_subject")}
    written = told.submission("written", **about)
    sent = told.submission("sent", regulatory.SubmissionSubmitted, **about)
    asked = told.submission("asked", regulatory.SubmissionSubmitted, kind="initial")
    await on_events(database, told.story.told)
    assert {one["submission_id"] for one in await board(asking)} == {written, asked}
    [closed] = await board(asking, show="closed")
    assert (closed["submission_id"], closed["notifies"]) == (sent, list(about["notifies"]))


def test_a_clock_whose_end_is_taken_back_runs_again_or_stands_still() -> None:
    told = Told()
    running = told.clock(told.submission("one"), 5)
    stopped = running.tell(regulatory.RegulatoryClockStopped, in_time=True)
    row = clock_rows.fold({"status": "running", "percent": 80, "in_time": None}, stopped)
    reopened = running.tell(regulatory.RegulatoryClockReopened)
    assert (clock_rows.fold(row, reopened)["status"], clock_rows.fold(row, reopened)["in_time"]) == ("running", None)
    standing_still = running.tell(regulatory.RegulatoryClockReopened, paused=True)
    assert clock_rows.fold(row, standing_still)["status"] == "paused"


def test_a_missed_clock_runs_again_where_it_is_extended_and_a_paused_one_stays_paused() -> None:
    told = Told()
    running = told.clock(told.submission("one"), 5)
    missed = running.tell(regulatory.RegulatoryDeadlineMissed)
    extended = running.tell(regulatory.RegulatoryClockExtended, under_rule_id="eu-ctr-part-i-questions", more_days=31)
    row = clock_rows.fold({"status": "running", "percent": 80, "in_time": None}, missed)
    assert (row["status"], clock_rows.fold(row, extended)["status"]) == ("missed", "running")
    assert clock_rows.fold({**row, "status": "paused"}, extended)["status"] == "paused"


def test_a_clock_whose_end_the_body_moves_runs_and_shows_how_far_the_longer_period_is() -> None:
    told = Told()
    running = told.clock(told.submission("one"), 5)
    facts: dict[str, Any] = {"due_before": "2024-01-01", "percent": 50, "reference": None}
    extended = running.tell(regulatory.RegulatoryClockExtendedByBody, **facts)
    row = clock_rows.fold({"status": "missed", "percent": 80, "in_time": None}, extended)
    assert (row["status"], row["percent"]) == ("running", 50)


def test_a_clock_that_began_on_another_day_runs_to_its_new_end_whatever_became_of_it() -> None:
    told = Told()
    running = told.clock(told.submission("one"), 5)
    corrected = running.tell(regulatory.RegulatoryClockAnchorCorrected, due_before="2024-01-01", percent=None)
    for before in ("running", "missed", "stopped", "ended"):
        row = clock_rows.fold({"status": before, "percent": 80, "in_time": True}, corrected)
        assert (row["status"], row["percent"], row["in_time"], row["shown"]) == ("running", None, None, "open")
    assert clock_rows.fold({"status": "paused", "percent": 80, "in_time": None}, corrected)["status"] == "paused"


@pytest.mark.parametrize(("phase", "stage"), [("assessment", "rfi_received"), ("validation", "validation_rfi")])
def test_more_time_for_an_answer_lets_a_lapsed_submission_await_it_and_another_stand(phase: str, stage: str) -> None:
    told = Told()
    told.submission("one", regulatory.SubmissionSubmitted)
    envelope, event = told.story.told[-1]
    facts = {"round": 1, "rounds": 1, "phase": phase, "due_on": "2024-01-01"}
    for had_lapsed, before, expected in ((True, "lapsed", stage), (False, "under_assessment", "under_assessment")):
        about = {**event.model_dump(), **facts, "had_lapsed": had_lapsed}
        longer = regulatory.SubmissionAnswerLimitExtended.model_validate(about)
        row = submission_rows.fold({"stage": before, "rounds": 1}, Received(envelope, longer))
        assert row["stage"] == expected


@pytest.mark.parametrize(
    ("how", "stage"),
    [
        ({"with_conditions": False}, "approved"),
        ({"with_conditions": True}, "approved_with_conditions"),
        ({"with_conditions": False, "tacit": True}, "tacitly_approved"),
    ],
)
def test_an_approval_says_how_the_body_agreed(how: dict[str, bool], stage: str) -> None:
    told = Told()
    told.submission("one", regulatory.SubmissionSubmitted, regulatory.SubmissionApproved)
    approved = told.story.told[-1]
    again = regulatory.SubmissionApproved.model_validate({**approved.event.model_dump(), **how, "rounds": 2})
    row = submission_rows.fold({"stage": "submitted", "rounds": 1}, Received(approved.envelope, again))
    assert (row["stage"], row["rounds"]) == (stage, 2)


def test_every_step_of_a_submission_leads_somewhere_or_is_known_to_lead_nowhere() -> None:
    steps = {action_of(one) for one in regulatory.EVENTS if issubclass(one, regulatory.SubmissionEvent)}
    assert steps <= submission_rows.STAGE_AFTER.keys() | submission_rows.LEAD_NOWHERE
