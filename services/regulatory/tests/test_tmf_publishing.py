"""Every event of a document is told in the words of the contract; names, titles, notes and reasons are not."""

from functools import reduce
from typing import Any

from contracts import PublicEvent
from contracts.regulatory import tmf as public
from regulatory.domain.tmf_commands import NoteExpiry, TmfDocumentCommand
from regulatory.domain.tmf_document import decide
from regulatory.domain.tmf_document_state import TmfDocument, evolve
from regulatory.publishing.tmf import publish_document
from tmf_examples import (
    ABOUT,
    EVIDENCE,
    check,
    expectation,
    filing,
    imported,
    receipt,
    release,
    returning,
    waiver,
)

CANARY = "Erika-Mustermann-born-1964-08-12"


def told(*commands: TmfDocumentCommand) -> list[PublicEvent]:
    """Everything that is published, in its order."""
    document: TmfDocument | None = None
    published: list[PublicEvent] = []
    for command in commands:
        for event in decide(document, command):
            document = evolve(document, event)
            published.append(publish_document(document, event))
    return published


EXPIRING: dict[str, Any] = {**ABOUT, "expires_on": "2026-09-30", "title": CANARY}
WAYS: list[tuple[TmfDocumentCommand, ...]] = [
    (expectation(), receipt(about=EXPIRING), check(), returning("illegible"), receipt(sha="b"), check(), filing()),
    (expectation(), expectation(due_on="2026-03-15", rule="earlier@1"), waiver(CANARY)),
    (expectation(), release(CANARY), expectation(rule=None)),
    (expectation(locked_on="2026-01-01"),),
    (expectation(), receipt(about=EXPIRING), check(), filing(), NoteExpiry(occurred_at=None, on="2026-08-02")),
    (expectation(), receipt(about=EXPIRING), check(), filing(), NoteExpiry(occurred_at=None, on="2027-08-02")),
    (imported(), imported(object_id="o2", date="2022-01-01")),
    (imported("superseded"),),
]


def test_every_event_of_the_contract_is_told_by_some_way() -> None:
    types = {type(one) for way in WAYS for one in told(*way)}
    assert types == {one for one in public.EVENTS if issubclass(one, public.TmfDocumentEvent)}


def test_no_title_note_reason_or_name_leaves_the_service() -> None:
    text = "".join(one.model_dump_json() for way in WAYS for one in told(*way))
    for secret in (CANARY, "H. Ead", "author", "checker", "cv.pdf", "old-etmf"):
        assert secret not in text


def test_a_filed_document_is_told_with_what_figures_need() -> None:
    filed = told(expectation(), receipt(about=EXPIRING), check(), filing())[-1]
    assert filed == public.TmfDocumentFiled(
        study_id="s1",
        tmf_document_id="doc-1",
        unique_id=87,
        artifact_number="05.02.04",
        level="site",
        country="DE",
        site_id="site-7",
        milestone=None,
        due_on="2026-04-01",
        version=1,
        evidence_event_id=None,
        expires_on="2026-09-30",
        review_days=0,
    )


def test_a_document_that_an_event_files_names_the_event() -> None:
    filed = told(expectation(does="file", evidence=EVIDENCE))[-1]
    assert isinstance(filed, public.TmfDocumentFiled)
    assert filed.evidence_event_id == "e1"


def test_codes_of_findings_are_told() -> None:
    returned = told(*WAYS[0])[3]
    assert isinstance(returned, public.TmfDocumentReturned)
    assert returned.findings == ("illegible",)
    assert reduce(lambda total, one: total + isinstance(one, public.TmfDocumentReturned), told(*WAYS[0]), 0) == 1
