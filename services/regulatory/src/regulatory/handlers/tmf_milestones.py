"""When documents come in, fall away or are expected, the milestones of their trial master file are judged anew.

Most events change nothing: a milestone that is open stays so while one document is, and that one is found at once. So
documents are counted only where the judgement can be another than before.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from chassis import clock as wall
from chassis.commands import Builder, Commands, Unit
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.stream.policies import Order, carry_out
from contracts import Received
from contracts.regulatory import tmf as public

from regulatory.domain.tmf_document_state import TmfDocument
from regulatory.domain.tmf_messages import JudgeMilestone
from regulatory.domain.tmf_status import NEEDLESS, OPEN, is_open
from regulatory.handlers.tmf_expecting import SERVICE, turn_of
from regulatory.store import TMF_DOCUMENTS, TMFS

MAY_COMPLETE: Final = (public.TmfDocumentFiled, public.TmfDocumentWaived, public.TmfDocumentNotRequired)
MAY_REOPEN: Final = (
    public.TmfDocumentExpected,
    public.TmfDocumentRequiredAgain,
    public.TmfDocumentReceived,
    public.TmfDocumentReturned,
    public.TmfDocumentSuperseded,
    public.TmfDocumentExpired,
)
Judged = tuple[str, str]
"""A study, and a milestone of its file."""


async def on_events(commands: Commands, database: Database, batch: Sequence[Received]) -> None:
    """Judge the milestones that the batch's events may have completed or reopened; again changes nothing."""
    completing, reopening = _concerned(batch, MAY_COMPLETE), _concerned(batch, MAY_REOPEN)
    if not completing and not reopening:
        return
    complete = await _complete(database, {study for study, _ in {**completing, **reopening}})
    open_still = await _with_open_documents(database, [one for one in completing if one not in complete])
    wanted = {key: one for key, one in completing.items() if key not in complete and key not in open_still}
    wanted |= {key: one for key, one in reopening.items() if key in complete}
    orders = _by_event(wanted)
    await carry_out(commands, SERVICE, lambda one: orders.get(one.envelope.id, ()), batch)


def _concerned(batch: Sequence[Received], kinds: tuple[type[public.TmfDocumentEvent], ...]) -> dict[Judged, Received]:
    """The last event of these kinds of each milestone."""
    found: dict[Judged, Received] = {}
    for one in batch:
        event = one.event
        if isinstance(event, public.TmfDocumentEvent) and isinstance(event, kinds) and event.milestone is not None:
            found[event.study_id, event.milestone] = one
    return found


async def _complete(database: Database, studies: Collection[str]) -> set[Judged]:
    condition = {"study": {"$in": sorted(studies)}}
    fields = ["study", "state.complete_milestones"]
    found = await database.collection(TMFS.collection).find(Scope.everything(), condition, fields=fields)
    return {(one["study"], milestone) for one in found for milestone in one["state"].get("complete_milestones", ())}


async def _with_open_documents(database: Database, judged: Collection[Judged]) -> set[Judged]:
    """Those of which some document is open for certain."""
    documents, everything = database.collection(TMF_DOCUMENTS.collection), Scope.everything()
    conditions = [{**_of_milestone(*one), "state.standing.stage": {"$in": OPEN}} for one in judged]
    found = await asyncio.gather(*(documents.find(everything, one, fields=["_id"], limit=1) for one in conditions))
    return {one for one, documents_open in zip(judged, found, strict=True) if documents_open}


def judge_milestone(study_id: str, milestone: str, at: str | None) -> Builder[JudgeMilestone]:
    """The judgement with what is needed by the milestone and what of it is open, as the documents stand now."""
    about, today = _of_milestone(study_id, milestone), wall.now().date().isoformat()
    needed = {**about, "state.standing.stage": {"$nin": NEEDLESS}}
    expired = {"state.standing.stage": "filed", "state.standing.expires_on": {"$type": "string", "$lt": today}}
    open_now = {**about, "$or": [{"state.standing.stage": {"$in": OPEN}}, expired]}

    def belongs(document: TmfDocument) -> bool:
        return (document.study_id, document.milestone) == (study_id, milestone)

    async def build(unit: Unit) -> JudgeMilestone:
        await unit.in_turn(turn_of(study_id))
        documents = await unit.count(
            TMF_DOCUMENTS, needed, lambda one: belongs(one) and one.standing.stage not in NEEDLESS
        )
        open_ones = await unit.count(TMF_DOCUMENTS, open_now, lambda one: belongs(one) and is_open(one.standing, today))
        return JudgeMilestone(occurred_at=at, milestone=milestone, documents=documents, open=open_ones)

    return build


def _of_milestone(study_id: str, milestone: str) -> dict[str, Any]:
    return {"study": study_id, "state.milestone": milestone}


def _by_event(wanted: Mapping[Judged, Received]) -> dict[str, list[Order]]:
    orders: dict[str, list[Order]] = {}
    for (study, milestone), one in wanted.items():
        at = one.envelope.occurred_at
        order = Order(TMFS, study, judge_milestone(study, milestone, at), milestone)
        orders.setdefault(one.envelope.id, []).append(order)
    return orders
