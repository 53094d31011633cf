"""Every event of a document is told to the world, by counts, codes and hashes: no text and no name is."""

from collections.abc import Callable, Iterator
from typing import Any

from contracts import PublicEvent, derived_id
from contracts.regulatory import documents as public
from kernel import Command, Signature
from regulatory.domain import document_commands as ask
from regulatory.domain.controlled_document import ControlledDocument, DocumentCommand, decide, evolve
from regulatory.domain.document_places import Place
from regulatory.domain.document_state import Change
from regulatory.domain.protocol_synopsis import Synopsis
from regulatory.publishing.documents import publish_controlled_document
from told_documents import GERMANY, SITE, SYNOPSIS, added, created, effective, file_of, on, signed

FromState = Callable[[Any], DocumentCommand]
"""A command that rests on the document as it is then."""
CANARY = "Mrs Canary, born 1961-04-12"
CHANGE = Change(summary=CANARY, substantial=True, sections=(CANARY,))
TOLD = SYNOPSIS.model_dump(mode="json")
FREE_TEXT = Synopsis.model_validate(
    {
        "objectives": [{**one, "text": CANARY} for one in TOLD["objectives"]],
        "endpoints": [{**one, "text": CANARY} for one in TOLD["endpoints"]],
        "procedures": [{**one, "name": CANARY} for one in TOLD["procedures"]],
        "visits": [{**one, "name": CANARY} for one in TOLD["visits"]],
    }
)


def of_canary(signature: Signature) -> Signature:
    return signature.model_copy(update={"printed_name": CANARY, "signer_id": CANARY})


def life() -> Iterator[PublicEvent]:
    """What is published in the life of a document in which people write what they should not."""
    document: ControlledDocument | None = None
    for command in commands():
        made: Any = command if isinstance(command, Command) else command(document)
        for event in decide(document, made):
            document = evolve(document, event)
            yield publish_controlled_document(document, event)


def approve(version: str) -> FromState:
    def made(document: Any) -> DocumentCommand:
        return on(ask.ApproveVersion, version, signature=of_canary(signed(document, version)))

    return made


def acknowledge(document: Any) -> DocumentCommand:
    return on(ask.AcknowledgeVersion, signature=of_canary(signed(document, "0.1", meaning="acknowledgement")))


def content(version: str) -> list[DocumentCommand]:
    file = file_of("a", name=f"{CANARY}.pdf")
    return [
        on(ask.AttachFile, version, by=f"author {CANARY}", file=file),
        on(ask.SetSynopsis, version, by="ada", synopsis=FREE_TEXT),
    ]


def commands() -> list[DocumentCommand | FromState]:
    review: dict[str, Any] = {"reviewers": (CANARY, "bob")}
    by: dict[str, Any] = {"by": CANARY}
    return [
        created().model_copy(update={"title": CANARY}),
        added("0.1", by=f"author {CANARY}"),
        *content("0.1"),
        on(ask.DescribeChange, by="ada", change=CHANGE),
        on(ask.RequestReview, **review),
        on(ask.ReturnToDraft, **by, reason=CANARY),
        on(ask.RequestReview, **review),
        on(ask.CommentOnVersion, **by, comment_id="c1", section=CANARY, text=CANARY),
        on(ask.ResolveComment, comment_id="c1", by="ada", resolution=CANARY),
        on(ask.CompleteReview, **by),
        on(ask.CompleteReview, by="bob"),
        approve("0.1"),
        on(ask.AssignReaders, readers=(CANARY, "eve"), due_on="2022-03"),
        acknowledge,
        effective("0.1", GERMANY, "2022-03-01"),
        added("1.0", CHANGE),
        *content("1.0"),
        on(ask.RequestReview, "1.0", reviewers=("bob",)),
        on(ask.CompleteReview, "1.0", by="bob"),
        approve("1.0"),
        effective("1.0", GERMANY, "2022-06-01"),
        ask.EndEffect(occurred_at="2022-07-01", place=GERMANY, reason=CANARY),
        added("2.0", CHANGE),
        on(ask.WithdrawVersion, "2.0", reason=CANARY),
        ask.RetireDocument(occurred_at="2023", reason=CANARY),
    ]


LIFE = list(life())


def one(kind: type[PublicEvent]) -> list[PublicEvent]:
    return [event for event in LIFE if isinstance(event, kind)]


def test_every_event_of_the_contract_is_told_and_every_event_tells_whose_it_is() -> None:
    assert {type(event) for event in LIFE} == set(public.EVENTS)
    assert {(event.study_id, event.model_dump()["kind"], event.model_dump()["tmf_unique_id"]) for event in LIFE} == {
        ("s1", "protocol", "032")
    }


def test_no_text_and_no_name_leaves_the_service() -> None:
    assert not [event for event in LIFE if "Canary" in event.model_dump_json() or "1961" in event.model_dump_json()]


def test_a_synopsis_is_told_by_the_studys_own_codes() -> None:
    [first, _] = one(public.DocumentSynopsisSet)
    assert first.model_dump()["endpoints"] == (
        {"id": "E1", "level": "primary", "objective_id": "O1", "procedure_ids": ("CT",)},
    )
    assert [visit["id"] for visit in first.model_dump()["visits"]] == ["V1", "V2"]


def test_an_approval_is_told_as_signed_with_its_meaning_and_what_it_binds() -> None:
    told = one(public.DocumentApproved)[0].model_dump()
    assert (told["signed"], told["meaning"], told["substantial"], len(told["sha256"])) == (True, "approval", True, 64)


def test_a_reader_is_told_by_a_key_that_only_who_knows_them_can_derive() -> None:
    told = one(public.DocumentReadAndUnderstood)[0].model_dump()
    assert (told["reader_key"], told["readers_outstanding"]) == (derived_id("reader", CANARY), 1)


def test_where_a_version_takes_effect_and_what_it_supersedes_is_told() -> None:
    assert [event.model_dump()["country"] for event in one(public.DocumentMadeEffective)] == ["DE", "DE"]
    superseded = one(public.DocumentSuperseded)[0].model_dump()
    assert (superseded["version"], superseded["superseded_by"], superseded["since"]) == ("0.1", "1.0", "2022-06-01")
    assert SITE.contains(SITE)
    assert Place().contains(SITE)
