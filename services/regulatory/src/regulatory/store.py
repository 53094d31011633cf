"""What `regulatory` keeps: its aggregates, where they lie, and their indexes."""

from collections.abc import Collection
from typing import Any

from chassis.commands import Aggregate
from chassis.files.store import ensure_files
from chassis.journal import Owner
from chassis.mongo import Database
from chassis.scope import Scope

from regulatory.domain import clock, clock_state, controlled_document, submission, tmf, tmf_document, tmf_document_state
from regulatory.domain.document_places import end_of
from regulatory.domain.submission_state import Submission, evolve
from regulatory.publishing.clocks import publish_clock
from regulatory.publishing.documents import publish_controlled_document
from regulatory.publishing.submissions import publish_submission
from regulatory.publishing.tmf import publish_document, publish_tmf


def view(state: Submission, version: int) -> dict[str, Any]:
    """A submission as this service's clients see it."""
    return {**state.model_dump(mode="json"), "version": version}


def owner(state: Submission) -> Owner:
    """A submission belongs to its study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


def view_clock(state: clock_state.Clock, version: int) -> dict[str, Any]:
    """A clock as this service's clients see it."""
    told = state.model_dump(mode="json", exclude={"period", "deadline", "alerts", "over"})
    return {
        **state.period.model_dump(mode="json"),
        **state.deadline.model_dump(mode="json", exclude={"alerts"}),
        **told,
        "version": version,
    }


def owner_of_clock(state: clock_state.Clock) -> Owner:
    """A clock belongs to its study's sponsor."""
    return Owner(state.period.sponsor_id, state.period.study_id)


def view_tmf(state: tmf.Tmf, version: int) -> dict[str, Any]:
    """A study's trial master file as this service's clients see it."""
    return {**state.model_dump(mode="json"), "version": version}


def view_tmf_document(state: tmf_document_state.TmfDocument, version: int) -> dict[str, Any]:
    """A document of a trial master file as this service's clients see it; its status depends on the day asked about."""
    return {**state.model_dump(mode="json", exclude={"notice_on"}), "version": version}


def owner_in_tmf(state: tmf.Tmf | tmf_document_state.TmfDocument) -> Owner:
    """A trial master file, and what is in it, belongs to its study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


def view_document(state: controlled_document.ControlledDocument, version: int) -> dict[str, Any]:
    """A document as this service's clients see it: with what a signature binds, and when each effect ends."""
    versions = [{**one.model_dump(mode="json"), "sha256": one.sha256} for one in state.versions]
    effects = [
        {**one.model_dump(mode="json"), "until": ends.since if (ends := end_of(one, state.effects)) else None}
        for one in state.effects
    ]
    about = {"type": state.type.model_dump(mode="json"), "versions": versions, "effects": effects}
    return {**state.model_dump(mode="json", exclude={"versions", "effects"}), **about, "version": version}


def owner_of_document(state: controlled_document.ControlledDocument) -> Owner:
    """A document belongs to its study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


SUBMISSIONS = Aggregate(
    "submission",
    "submissions",
    Submission,
    submission.decide,
    evolve,
    publish_submission,
    owner,
    view,
)
CLOCKS = Aggregate(
    "clock",
    "clocks",
    clock_state.Clock,
    clock.decide,
    clock_state.evolve,
    publish_clock,
    owner_of_clock,
    view_clock,
)
TMFS = Aggregate(
    "tmf",
    "tmfs",
    tmf.Tmf,
    tmf.decide,
    tmf.evolve,
    publish_tmf,
    owner_in_tmf,
    view_tmf,
)
TMF_DOCUMENTS = Aggregate(
    "tmf-document",
    "tmf_documents",
    tmf_document_state.TmfDocument,
    tmf_document.decide,
    tmf_document_state.evolve,
    publish_document,
    owner_in_tmf,
    view_tmf_document,
)
TMF_DIMENSIONS = ("zone", "level", "country", "site_id", "milestone", "artifact.unique_id")
TMF_STANDING = ("stage", "review", "due_on", "expires_on")
"""What a file's figures are counted from: together in one index, so that counting reads no document."""
DOCUMENTS = Aggregate(
    "controlled-document",
    "controlled_documents",
    controlled_document.ControlledDocument,
    controlled_document.decide,
    controlled_document.evolve,
    publish_controlled_document,
    owner_of_document,
    view_document,
)
FILE_IDS = "state.versions.files.file_id"
TMF_FILE_IDS = ("state.versions.file.file_id", "state.versions.attachments.file_id")


async def files_held(database: Database, ids: Collection[str]) -> set[str]:
    """Which of these files some document holds, in any of its versions."""
    documents = database.collection(DOCUMENTS.collection)
    found = await documents.find(Scope.everything(), {FILE_IDS: {"$in": list(ids)}})
    held = {file["file_id"] for one in found for version in one["state"]["versions"] for file in version["files"]}
    return (held & set(ids)) | await _held_by_tmf(database, set(ids))


async def _held_by_tmf(database: Database, ids: set[str]) -> set[str]:
    held: set[str] = set()
    for field in TMF_FILE_IDS:
        documents = database.collection(TMF_DOCUMENTS.collection)
        found = await documents.find(Scope.everything(), {field: {"$in": sorted(ids)}}, fields=TMF_FILE_IDS)
        versions = [version for one in found for version in one["state"]["versions"]]
        held |= {version["file"]["file_id"] for version in versions if version.get("file")}
        held |= {file["file_id"] for version in versions for file in version.get("attachments", ())}
    return held & ids


async def prepare(database: Database) -> None:
    """Make the indexes that the queries need."""
    for collection in ("sponsor_agreements", "milestones"):
        await database.collection(collection).ensure_index([("study", 1)])
    for field in ("sponsor", "study", "state.site_id"):
        await database.collection(SUBMISSIONS.collection).ensure_index([(field, 1), ("_id", 1)])
    for field in ("sponsor", "study", "state.type_id"):
        await database.collection(DOCUMENTS.collection).ensure_index([(field, 1), ("_id", 1)])
    await database.collection(DOCUMENTS.collection).ensure_index([(FILE_IDS, 1)])
    await ensure_files(database)
    clocks = database.collection(CLOCKS.collection)
    for field in ("sponsor", "study", "state.period.about_id", "state.period.rule_id"):
        await clocks.ensure_index([(field, 1), ("_id", 1)])
    waiting = {"state.next_alert_at": {"$type": "string"}}
    await clocks.ensure_index([("state.next_alert_at", 1)], where=waiting)
    await _prepare_tmf(database)


async def _prepare_tmf(database: Database) -> None:
    await database.collection(TMFS.collection).ensure_index([("study", 1)])
    triggers = database.collection("tmf_triggers")
    await triggers.ensure_index([("study", 1), ("recorded_at", 1), ("_id", 1)])
    documents = database.collection(TMF_DOCUMENTS.collection)
    counted = [*(f"state.{one}" for one in TMF_DIMENSIONS), *(f"state.standing.{one}" for one in TMF_STANDING)]
    await documents.ensure_index([("study", 1), ("sponsor", 1), *((field, 1) for field in counted)])
    await documents.ensure_index([("study", 1), ("_id", 1)])
    await documents.ensure_index([("state.notice_on", 1)], where={"state.notice_on": {"$type": "string"}})
    for field in TMF_FILE_IDS:
        await documents.ensure_index([(field, 1)], where={field: {"$type": "string"}})
