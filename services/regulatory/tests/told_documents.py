"""Controlled documents as tests tell of them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from kernel import Meaning, Signature
from regulatory.domain import document_commands as ask
from regulatory.domain.controlled_document import ControlledDocument, DocumentCommand, decide, evolve
from regulatory.domain.document_places import Place
from regulatory.domain.document_state import Change, StoredFile
from regulatory.domain.protocol_synopsis import Synopsis

DAY = "2022-02-01"
NOON = datetime(2022, 2, 1, 12, tzinfo=UTC)
PROTOCOL, PLAN, CONSENT = "032", "008", "040"
GERMANY, FRANCE, SITE = Place(country="DE"), Place(country="FR"), Place(country="DE", site_id="site-7")
CHANGE = Change(summary="The window of visit 3 is wider.", substantial=True, sections=("6.2",))
SYNOPSIS = Synopsis.model_validate(
    {
        "objectives": [{"id": "O1", "level": "primary", "text": "To show that it works."}],
        "endpoints": [
            {"id": "E1", "level": "primary", "text": "Survival", "objective_id": "O1", "procedure_ids": ["CT"]}
        ],
        "procedures": [{"id": "CT", "name": "Tomography"}],
        "visits": [
            {"id": "V1", "name": "Baseline", "day": 1},
            {"id": "V2", "name": "Week 4", "day": 29, "days_before": 3, "days_after": 3, "procedure_ids": ["CT"]},
        ],
    }
)


def file_of(content: str, name: str = "protocol.pdf") -> StoredFile:
    """A file whose SHA-256 begins with this content."""
    sha256 = content.ljust(64, "0")
    return StoredFile(
        file_id=f"file-{content}", sha256=sha256, size_bytes=7, media_type="application/pdf", filename=name
    )


def after(commands: Iterable[DocumentCommand], document: ControlledDocument | None = None) -> ControlledDocument:
    """The document after these commands, all of which must be allowed."""
    for command in commands:
        document = reduce(evolve, decide(document, command), document)
    assert document is not None
    return document


def events_of(document: ControlledDocument | None, command: DocumentCommand) -> list[str]:
    """What follows, by name."""
    return [type(event).__name__ for event in decide(document, command)]


def created(type_id: str = PROTOCOL, place: Place | None = None) -> ask.CreateDocument:
    return ask.CreateDocument(
        occurred_at=DAY,
        document_id="doc-1",
        study_id="s1",
        sponsor_id="acme-1",
        type_id=type_id,
        title="Protocol ONC-301",
        language="en",
        place=place or Place(),
    )


def added(version: str | None = None, change: Change | None = None, by: str = "ada") -> ask.AddVersion:
    return ask.AddVersion(occurred_at=DAY, by=by, version=version, change=change)


def on(command: type[Any], version: str = "0.1", at: str | None = DAY, **more: Any) -> Any:
    """A command about a version."""
    return command(occurred_at=at, version=version, **more)


def signed(document: ControlledDocument, version: str, by: str = "cleo", meaning: Meaning = "approval") -> Signature:
    """A person's signature of the version as it is."""
    found = document.version(version)
    content = document.content_of(found) if found is not None else None
    assert content is not None
    return Signature(
        signer_id=by,
        printed_name=by.title(),
        signed_at=NOON,
        authenticated_at=NOON,
        meaning=meaning,
        binds=content,
    )


def drafted(type_id: str = PROTOCOL, version: str = "0.1", place: Place | None = None) -> ControlledDocument:
    """A whole draft, with all that a review needs."""
    document = after(
        [created(type_id, place), added(version), on(ask.AttachFile, version, by="ada", file=file_of("a"))]
    )
    if document.type.synopsis:
        return after([on(ask.SetSynopsis, version, by="ada", synopsis=SYNOPSIS)], document)
    return document


def in_review(document: ControlledDocument | None = None, version: str = "0.1") -> ControlledDocument:
    """A version that Bob and Dan review."""
    return after([on(ask.RequestReview, version, reviewers=("bob", "dan"))], document or drafted())


def reviewed(document: ControlledDocument | None = None, version: str = "0.1") -> ControlledDocument:
    """A version whose reviewers are done."""
    done = [on(ask.CompleteReview, version, by=by) for by in ("bob", "dan")]
    return after(done, document or in_review())


def approved(document: ControlledDocument | None = None, version: str = "0.1") -> ControlledDocument:
    """A version that Cleo approved."""
    document = document or reviewed()
    return after([on(ask.ApproveVersion, version, signature=signed(document, version))], document)


def next_version(document: ControlledDocument, version: str) -> ControlledDocument:
    """The document with one more version, approved."""
    file = on(ask.AttachFile, version, by="ada", file=file_of(version.replace(".", "")))
    document = after([added(version, CHANGE), file], document)
    if document.type.synopsis:
        document = after([on(ask.SetSynopsis, version, by="ada", synopsis=SYNOPSIS)], document)
    return approved(reviewed(in_review(document, version), version), version)


def effective(version: str, place: Place, since: str) -> ask.MakeEffective:
    return on(ask.MakeEffective, version, since, place=place)
