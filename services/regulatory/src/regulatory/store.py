"""What `regulatory` keeps: its aggregates, where they lie, and their indexes."""

from typing import Any

from chassis.commands import Aggregate
from chassis.journal import Owner
from chassis.mongo import Database

from regulatory.domain import clock, submission
from regulatory.publishing.clocks import publish_clock
from regulatory.publishing.submissions import publish_submission


def view(state: submission.Submission, version: int) -> dict[str, Any]:
    """A submission as this service's clients see it."""
    return {**state.model_dump(mode="json"), "version": version}


def owner(state: submission.Submission) -> Owner:
    """A submission belongs to its study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


def view_clock(state: clock.Clock, version: int) -> dict[str, Any]:
    """A clock as this service's clients see it."""
    told = state.model_dump(mode="json", exclude={"period", "deadline", "alerts", "over"})
    return {
        **state.period.model_dump(mode="json"),
        **state.deadline.model_dump(mode="json", exclude={"alerts"}),
        **told,
        "version": version,
    }


def owner_of_clock(state: clock.Clock) -> Owner:
    """A clock belongs to its study's sponsor."""
    return Owner(state.period.sponsor_id, state.period.study_id)


SUBMISSIONS = Aggregate(
    "submission",
    "submissions",
    submission.Submission,
    submission.decide,
    submission.evolve,
    publish_submission,
    owner,
    view,
)
CLOCKS = Aggregate(
    "clock",
    "clocks",
    clock.Clock,
    clock.decide,
    clock.evolve,
    publish_clock,
    owner_of_clock,
    view_clock,
)


async def prepare(database: Database) -> None:
    """Make the indexes that the queries need."""
    for field in ("sponsor", "study", "state.site_id"):
        await database.collection(SUBMISSIONS.collection).ensure_index([(field, 1), ("_id", 1)])
    clocks = database.collection(CLOCKS.collection)
    for field in ("sponsor", "study", "state.period.about_id", "state.period.rule_id"):
        await clocks.ensure_index([(field, 1), ("_id", 1)])
    waiting = {"state.next_alert_at": {"$type": "string"}}
    await clocks.ensure_index([("state.next_alert_at", 1)], where=waiting)
