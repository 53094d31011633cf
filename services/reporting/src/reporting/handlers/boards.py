"""The boards: documents that bring together what the rows of several aggregates say, so that a page is one range.

A board's document is told anew whenever a batch touched a row on which it rests.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chassis.mongo import Database, Document
from contracts import Received
from contracts.monitoring import MonitoringVisitEvent
from contracts.regulatory import ClockEvent, SubmissionEvent

from reporting.handlers.settling import EVERYTHING, Owner, Owners, Tell, in_parts, owners_in, settle
from reporting.projections import checklists, milestones, sites, start_up, submission_board, tmf
from reporting.store import (
    ALL_OF_THEM,
    CHECKLISTS,
    CLOCKS,
    MILESTONES,
    SITES,
    START_UP,
    SUBMISSION_BOARD,
    SUBMISSIONS,
    TMF_COMPLETENESS,
    TMF_DOCUMENTS,
)

AT_ONCE: Final = 2_000


@dataclass(frozen=True)
class Board:
    """One collection of documents that rest on rows.

    `touched` gives the id of the document that an event changes, None where it changes none; `every` gives the owners
    of all documents, from the rows.
    """

    collection: str
    touched: Callable[[Received], str | None]
    tell: Tell
    every: Callable[[Database], Awaitable[Owners]]


async def settle_boards(database: Database, batch: Sequence[Received]) -> None:
    """Tell anew what the batch touched, on every board."""
    await asyncio.gather(*(settle(database, one.collection, _owners(one, batch), one.tell) for one in BOARDS))


async def settle_every_board(database: Database) -> None:
    """Tell all documents of all boards from all rows."""
    for board in BOARDS:
        for some in in_parts(await board.every(database), AT_ONCE):
            await settle(database, board.collection, some, board.tell)


def _owners(board: Board, batch: Sequence[Received]) -> Owners:
    return {
        key: Owner(one.envelope.sponsor, one.envelope.study) for one in batch if (key := board.touched(one)) is not None
    }


def _submission_touched(received: Received) -> str | None:
    match received.event:
        case SubmissionEvent() as event:
            return event.submission_id
        case ClockEvent(about_type="submission") as event:
            return event.about_id
        case _:
            return None


async def _tell_submissions(database: Database, ids: Sequence[str]) -> Mapping[str, Document]:
    rows, clocks = await asyncio.gather(
        database.collection(SUBMISSIONS).find(EVERYTHING, {"_id": {"$in": list(ids)}}),
        database.collection(CLOCKS).find(EVERYTHING, {"about_id": {"$in": list(ids)}, "about_type": "submission"}),
    )
    of: dict[str, list[Document]] = defaultdict(list)
    for one in clocks:
        of[one["about_id"]].append(one)
    return {row["_id"]: submission_board.document(row, of[row["_id"]]) for row in rows}


async def _every_submission(database: Database) -> Owners:
    return await owners_in(database, SUBMISSIONS, "$_id", {})


def _site_touched(received: Received) -> str | None:
    match received.event:
        case MonitoringVisitEvent() as event if (
            milestones.VISIT_MILESTONES.get(event.visit_type) == start_up.INITIATION
        ):
            return event.site_id
        case _:
            return checklists.ROWS.key(received) or sites.ROWS.key(received)


async def _tell_sites(database: Database, ids: Sequence[str]) -> Mapping[str, Document]:
    these, of_site = (
        {"_id": {"$in": list(ids)}},
        {"site_id": {"$in": list(ids)}, "milestones.kind": start_up.INITIATION},
    )
    found, lists, visits = await asyncio.gather(
        database.collection(SITES).find(EVERYTHING, these),
        database.collection(CHECKLISTS).find(EVERYTHING, these),
        database.collection(MILESTONES).find(EVERYTHING, of_site, sort=[("_id", 1)]),
    )
    checklist = {row["_id"]: row for row in lists}
    given: dict[str, list[Document]] = defaultdict(list)
    for one in visits:
        given[one["site_id"]].append(one)
    return {row["_id"]: start_up.document(row, checklist.get(row["_id"]), given[row["_id"]]) for row in found}


async def _every_site(database: Database) -> Owners:
    return await owners_in(database, SITES, "$_id", {})


async def _tell_groups(database: Database, ids: Sequence[str]) -> Mapping[str, Document]:
    counted = {name: {"$ifNull": [f"${name}", None]} for name in ("group", *tmf.COUNTED)}
    place = {name: {"$first": f"${name}"} for name in ("level", "country", "site_id", "zone")}
    stages = [{"$group": {"_id": counted, "count": ALL_OF_THEM, **place}}, {"$sort": {"_id": 1}}]
    found = await database.collection(TMF_DOCUMENTS).aggregate(
        EVERYTHING, stages, condition={"group": {"$in": list(ids)}}
    )
    told: dict[str, Document] = {}
    for one in found:
        group, about = one["_id"].pop("group"), {name: one[name] for name in place}
        told.setdefault(group, {**about, "shown": "open", "counts": []})["counts"].append(
            {**one["_id"], "count": one["count"]}
        )
    return told


async def _every_group(database: Database) -> Owners:
    return await owners_in(database, TMF_DOCUMENTS, "$group", {})


BOARDS: Final = (
    Board(SUBMISSION_BOARD, _submission_touched, _tell_submissions, _every_submission),
    Board(START_UP, _site_touched, _tell_sites, _every_site),
    Board(TMF_COMPLETENESS, tmf.group_of, _tell_groups, _every_group),
)
