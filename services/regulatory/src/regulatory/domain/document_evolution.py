"""How a controlled document changes by what happens to it. No rule lives here: what happened, happened."""

from typing import Any

from kernel import Signature, changed

from regulatory.domain import document_events as events
from regulatory.domain.document_events import DocumentEvent
from regulatory.domain.document_places import Effect, Place, end_of
from regulatory.domain.document_state import Comment, ControlledDocument, Reader, Version, VersionStatus


def evolve(document: ControlledDocument | None, event: DocumentEvent) -> ControlledDocument:
    """Apply one event."""
    if isinstance(event, events.DocumentCreated):
        return ControlledDocument.model_validate(event.model_dump(exclude={"occurred_at"}))
    assert document is not None, "the rules let nothing happen to a document that is not there"
    match event:
        case events.VersionDrafted():
            return changed(document, versions=(*document.versions, drafted(event)))
        case events.VersionMadeEffective():
            return _with_effect(document, event.version, event.place, event.occurred_at)
        case events.EffectEnded():
            return _with_effect(document, None, event.place, event.occurred_at)
        case events.DocumentRetired():
            return changed(_with_effect(document, None, Place(), event.occurred_at), status="retired")
        case events.VersionSuperseded():
            return _with_statuses(document)
        case (
            events.FileAttached()
            | events.ChangeDescribed()
            | events.SynopsisSet()
            | events.ReviewRequested()
            | events.VersionCommented()
            | events.CommentResolved()
            | events.ReviewCompleted()
            | events.VersionReturned()
            | events.VersionApproved()
            | events.VersionWithdrawn()
            | events.ReadersAssigned()
            | events.VersionAcknowledged()
        ):
            version = document.version(event.version)
            assert version is not None, "the rules let nothing happen to a version that is not there"
            return _replaced(document, changed(version, **_updates(version, event)))


def drafted(event: events.VersionDrafted) -> Version:
    """The version as it begins."""
    return Version(number=event.version, authors=(event.by,), drafted_on=event.occurred_at, change=event.change)


OnVersion = (
    events.FileAttached
    | events.ChangeDescribed
    | events.SynopsisSet
    | events.ReviewRequested
    | events.VersionCommented
    | events.CommentResolved
    | events.ReviewCompleted
    | events.VersionReturned
    | events.VersionApproved
    | events.VersionWithdrawn
    | events.ReadersAssigned
    | events.VersionAcknowledged
)


def _updates(version: Version, event: OnVersion) -> dict[str, Any]:
    match event:
        case events.FileAttached():
            return {"files": (*version.files, event.file), "authors": _with(version.authors, event.by)}
        case events.ChangeDescribed():
            return {"change": event.change, "authors": _with(version.authors, event.by)}
        case events.SynopsisSet():
            return {"synopsis": event.synopsis, "authors": _with(version.authors, event.by)}
        case events.ReviewRequested():
            fresh: dict[str, Any] = {"reviewers": event.reviewers, "reviewed_by": ()}
            return {"status": "in_review", "round": event.round, **fresh}
        case events.VersionCommented():
            about = event.model_dump(exclude={"occurred_at", "version"})
            return {"comments": (*version.comments, Comment(round=version.round, **about))}
        case events.CommentResolved():
            return {"comments": tuple(_resolved(one, event) for one in version.comments)}
        case events.ReviewCompleted():
            return {"reviewed_by": _with(version.reviewed_by, event.by)}
        case events.VersionReturned():
            return {"status": "draft"}
        case events.VersionApproved():
            return {"status": "approved", "approval": event.signature, "approved_on": event.occurred_at}
        case events.VersionWithdrawn():
            return {"status": "withdrawn"}
        case events.ReadersAssigned():
            added = [Reader(subject=one, due_on=event.due_on) for one in event.readers]
            return {"readers": (*version.readers, *added)}
        case events.VersionAcknowledged():
            return {"readers": tuple(_signed(one, event.signature) for one in version.readers)}


def _resolved(comment: Comment, event: events.CommentResolved) -> Comment:
    if comment.comment_id != event.comment_id:
        return comment
    return changed(comment, resolution=event.resolution, resolved_by=event.by)


def _signed(reader: Reader, signature: Signature) -> Reader:
    return changed(reader, signature=signature) if reader.subject == signature.signer_id else reader


def _with(subjects: tuple[str, ...], subject: str) -> tuple[str, ...]:
    return subjects if subject in subjects else (*subjects, subject)


def _replaced(document: ControlledDocument, version: Version) -> ControlledDocument:
    versions = tuple(version if one.number == version.number else one for one in document.versions)
    return changed(document, versions=versions)


def _with_effect(
    document: ControlledDocument, number: str | None, place: Place, since: str | None
) -> ControlledDocument:
    assert since is not None, "the rules let nothing take effect without a date"
    added = Effect(version=number, place=place, since=since)
    return _with_statuses(changed(document, effects=(*document.effects, added)))


def _with_statuses(document: ControlledDocument) -> ControlledDocument:
    versions = tuple(
        changed(one, status=_status(document, one)) if any(e.version == one.number for e in document.effects) else one
        for one in document.versions
    )
    return changed(document, versions=versions)


def _status(document: ControlledDocument, version: Version) -> VersionStatus:
    """In effect while it is so anywhere; else by what ended it last: another version, or nothing in its stead."""
    own = [one for one in document.effects if one.version == version.number]
    ends = [end_of(one, document.effects) for one in own]
    if None in ends:
        return "effective"
    last = max((one for one in ends if one is not None), key=lambda one: one.begins)
    return "obsolete" if last.version is None else "superseded"
