"""What `regulatory` keeps: its aggregates, where they lie, and their indexes."""

from typing import Any

from chassis.commands import Aggregate
from chassis.journal import Owner
from chassis.mongo import Database

from regulatory.domain import submission
from regulatory.publishing.submissions import publish_submission


def view(state: submission.Submission, version: int) -> dict[str, Any]:
    """A submission as this service's clients see it."""
    return {**state.model_dump(mode="json"), "version": version}


def owner(state: submission.Submission) -> Owner:
    """A submission belongs to its study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


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


async def prepare(database: Database) -> None:
    """Make the indexes that the queries need."""
    for field in ("sponsor", "study", "state.site_id"):
        await database.collection(SUBMISSIONS.collection).ensure_index([(field, 1), ("_id", 1)])
