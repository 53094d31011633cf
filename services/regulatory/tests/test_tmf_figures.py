"""Figures of a file of 100,000 documents: right, and what they cost is printed."""

from typing import Any

import pytest
from chassis import clock
from chassis.commands import Unit
from chassis.http.paging import PageRequest
from chassis.mongo import Document, Session
from chassis.scope import Scope
from regulatory.domain.tmf_document_state import TmfDocument
from regulatory.domain.tmf_messages import JudgeMilestone
from regulatory.handlers.tmf_milestones import judge_milestone
from regulatory.queries import tmf as queries
from regulatory.store import TMF_DOCUMENTS
from studyline.testing.service import Face
from tmf_examples import after, check, expectation, filing, receipt, returning

COUNT = 100_000
SITES = 200
ON = "2026-06-01"
KINDS: tuple[TmfDocument, ...] = (
    after(expectation()),
    after(expectation(), receipt()),
    after(expectation(), receipt(), check(), returning("illegible")),
    after(expectation(), receipt(), check(), filing()),
    after(expectation(due_on=None)),
)


def stored(number: int, states: list[Document]) -> Document:
    place = {"site_id": f"site-{number % SITES:03}", "country": "DE" if number % 2 else "FR"}
    state = {**states[number % len(states)], **place, "milestone": "03"}
    return {"_id": f"big-{number:06}", "version": 1, "sponsor": "big", "study": "big", "state": state}


@pytest.fixture(scope="module")
async def file_of_many(face: Face) -> Face:
    states = [one.model_dump(mode="json") for one in KINDS]
    documents = face.database.collection(TMF_DOCUMENTS.collection)
    for start in range(0, COUNT, 1_000):
        await documents.insert([stored(number, states) for number in range(start, start + 1_000)])
    return face


@pytest.mark.parametrize("past", [False, True])
async def test_figures_of_100_000_documents(file_of_many: Face, *, past: bool) -> None:
    dimensions: tuple[queries.Dimension, ...] = ("study", "country", "site")
    condition: dict[str, Any] = {"study": "big"}
    for by in dimensions:
        began = clock.monotonic()
        page = await queries.completeness(
            file_of_many.database, Scope.of(["big"]), condition, by, ON, PageRequest(1_000, None), past=past
        )
        took = clock.monotonic() - began
        print(f"{COUNT:,} documents by {by}, {'a past day' if past else 'today'}: {took * 1_000:.0f} ms")  # noqa: T201
        totals = {name: sum(one[name] for one in page.items) for name in ("documents", "due", "complete", "missing")}
        each = COUNT // len(KINDS)
        assert totals == {"documents": COUNT, "due": 4 * each, "complete": each, "missing": each}


async def test_lists_of_one_status_in_100_000_documents(file_of_many: Face) -> None:
    began = clock.monotonic()
    page = await queries.documents(
        file_of_many.database, Scope.of(["big"]), {"study": "big"}, ["returned"], ON, PageRequest(100, None), past=False
    )
    print(f"{COUNT:,} documents, the first 100 returned: {(clock.monotonic() - began) * 1_000:.0f} ms")  # noqa: T201
    assert {one["status"] for one in page.items} == {"returned"}
    assert len(page.items) == 100


async def test_a_milestone_of_100_000_documents_is_judged(file_of_many: Face) -> None:
    database, everything = file_of_many.database, Scope.everything()

    async def judgement(session: Session) -> JudgeMilestone:
        return await judge_milestone("big", "03", None)(Unit(database, everything, session))

    began = clock.monotonic()
    judged = await database.in_transaction(judgement)
    counted = clock.monotonic()
    condition = {"study": "big", "state.milestone": "03", "state.standing.stage": "awaited"}
    [_] = await database.collection(TMF_DOCUMENTS.collection).find(everything, condition, fields=["_id"], limit=1)
    found = clock.monotonic() - counted
    print(f"judged in {(counted - began) * 1_000:.0f} ms, an open document found in {found * 1_000:.1f} ms")  # noqa: T201
    assert (judged.documents, judged.open) == (COUNT, COUNT - COUNT // len(KINDS))
