"""Events of controlled documents, as the world learns of them: codes, counts and hashes; no texts, no names."""

from typing import Any

from contracts import PublicEvent, derived_id
from contracts import regulatory as public

from regulatory.domain import document_events as private
from regulatory.domain.document_places import Place
from regulatory.domain.document_state import ControlledDocument, Version


def publish_controlled_document(document: ControlledDocument, event: private.DocumentEvent) -> PublicEvent:
    """How the world learns of an event of a document."""
    about = {"study_id": document.study_id, "document_id": document.document_id}
    about |= {"kind": document.type.kind, "tmf_unique_id": document.type_id}
    match event:
        case private.DocumentCreated():
            return public.DocumentCreated.model_validate({**about, **_at(event.place), "language": event.language})
        case private.DocumentRetired():
            return public.DocumentRetired.model_validate(about)
        case private.VersionMadeEffective():
            told = {**about, **_at(event.place), "version": event.version}
            return public.DocumentMadeEffective.model_validate(told)
        case private.VersionSuperseded():
            ended = {"version": event.version, "superseded_by": event.superseded_by, "since": event.since}
            return public.DocumentSuperseded.model_validate({**about, **_at(event.place), **ended})
        case private.EffectEnded():
            return public.DocumentEffectEnded.model_validate({**about, **_at(event.place)})
        case private.FileAttached() | private.SynopsisSet() | private.ChangeDescribed() | private.VersionDrafted():
            return _of_draft(about | {"version": event.version}, event)
        case private.VersionApproved() | private.VersionAcknowledged():
            return _of_signature(about | {"version": event.version}, _version(document, event.version), event)
        case (
            private.ReviewRequested()
            | private.VersionCommented()
            | private.CommentResolved()
            | private.ReviewCompleted()
            | private.VersionReturned()
            | private.VersionWithdrawn()
            | private.ReadersAssigned()
        ):
            return _of_review(about | {"version": event.version}, _version(document, event.version), event)


Draft = private.FileAttached | private.SynopsisSet | private.ChangeDescribed | private.VersionDrafted
Review = (
    private.ReviewRequested
    | private.VersionCommented
    | private.CommentResolved
    | private.ReviewCompleted
    | private.VersionReturned
    | private.VersionWithdrawn
    | private.ReadersAssigned
)


def _of_draft(about: dict[str, Any], event: Draft) -> PublicEvent:
    match event:
        case private.VersionDrafted():
            substantial = event.change.substantial if event.change is not None else None
            return public.DocumentDrafted.model_validate({**about, "substantial": substantial})
        case private.FileAttached():
            told = event.file.model_dump(include={"sha256", "size_bytes", "media_type"})
            return public.DocumentFileAttached.model_validate({**about, **told})
        case private.ChangeDescribed():
            return public.DocumentChangeDescribed.model_validate({**about, "substantial": event.change.substantial})
        case private.SynopsisSet():
            endpoints = [one.model_dump(exclude={"text"}) for one in event.synopsis.endpoints]
            visits = [one.model_dump(exclude={"name"}) for one in event.synopsis.visits]
            return public.DocumentSynopsisSet.model_validate({**about, "endpoints": endpoints, "visits": visits})


def _of_review(about: dict[str, Any], version: Version, event: Review) -> PublicEvent:
    comments_open = sum(one.resolution is None for one in version.comments)
    match event:
        case private.ReviewRequested():
            told = {"round": event.round, "reviewers": len(event.reviewers)}
            return public.DocumentReviewRequested.model_validate({**about, **told})
        case private.VersionCommented():
            return public.DocumentCommented.model_validate({**about, "comments_open": comments_open})
        case private.CommentResolved():
            return public.DocumentCommentResolved.model_validate({**about, "comments_open": comments_open})
        case private.ReviewCompleted():
            outstanding = len(version.reviewers) - len(version.reviewed_by)
            return public.DocumentReviewCompleted.model_validate({**about, "reviewers_outstanding": outstanding})
        case private.VersionReturned():
            return public.DocumentReturned.model_validate({**about, "round": version.round})
        case private.VersionWithdrawn():
            return public.DocumentVersionWithdrawn.model_validate(about)
        case private.ReadersAssigned():
            told = {"readers": len(event.readers), "due_on": event.due_on}
            return public.DocumentReadersAssigned.model_validate({**about, **told})


def _of_signature(
    about: dict[str, Any], version: Version, event: private.VersionApproved | private.VersionAcknowledged
) -> PublicEvent:
    signature = event.signature
    told = {**about, "signed": True, "meaning": signature.meaning}
    match event:
        case private.VersionApproved():
            substantial = version.change.substantial if version.change is not None else None
            return public.DocumentApproved.model_validate(
                {**told, "sha256": signature.binds.sha256, "substantial": substantial}
            )
        case private.VersionAcknowledged():
            outstanding = sum(one.signature is None for one in version.readers)
            reader_key = derived_id("reader", signature.signer_id)
            return public.DocumentReadAndUnderstood.model_validate(
                {**told, "reader_key": reader_key, "readers_outstanding": outstanding}
            )


def _at(place: Place) -> dict[str, Any]:
    return {"country": place.country, "site_id": place.site_id}


def _version(document: ControlledDocument, number: str) -> Version:
    version = document.version(number)
    assert version is not None, "an event of a version tells of one that is there"
    return version
