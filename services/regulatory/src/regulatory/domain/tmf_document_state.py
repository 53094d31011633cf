"""A document of the trial master file as it is: the fold of its events. No rule lives here.

Its standing is remembered with the day from which it was so: what the file looked like on a day is read from that.
"""

from typing import Any

from kernel import BusinessTime, Reason, Refused, Signature, State, changed
from pydantic import Field

from regulatory.domain.tmf_events import (
    TmfDocumentChangedAfterLock,
    TmfDocumentDueSet,
    TmfDocumentEvent,
    TmfDocumentExpected,
    TmfDocumentExpired,
    TmfDocumentExpiring,
    TmfDocumentFiled,
    TmfDocumentReceived,
    TmfDocumentReleased,
    TmfDocumentRequiredAgain,
    TmfDocumentReturned,
    TmfDocumentWaived,
    TmfQcStarted,
    TmfVersionImported,
    TmfVersionSuperseded,
)
from regulatory.domain.tmf_expectations import days_after
from regulatory.domain.tmf_reference import ARTIFACTS, Level
from regulatory.domain.tmf_status import Review, Stage, Standing, day_of, days_between, notice_from
from regulatory.domain.tmf_version import Fact, Origin, TmfVersion, VersionStage


class ArtifactName(Fact):
    """The artifact as the edition of the reference model named it under which the document was expected."""

    model: str
    edition: str
    unique_id: int
    number: str
    name: str


class Exemption(Fact):
    """Why the document need not be there: waived, or not required any more. `by` None: a rule says so."""

    grounds: str | None
    by: str | None
    on: BusinessTime | None
    rule: str | None = None
    signature: Signature | None = None


class TmfDocument(State):
    """One expected document, its versions, and where it stands and stood."""

    tmf_document_id: str
    study_id: str
    sponsor_id: str
    artifact: ArtifactName
    zone: str
    level: Level
    country: str | None
    site_id: str | None
    person_id: str | None
    organisation_id: str | None
    occurrence: str | None
    milestone: str | None
    rule: str | None = Field(description="By which row it is expected; None: by hand")
    due_rule: str | None = None
    due_cause: str | None = None
    due_on: str | None = None
    after_lock: BusinessTime | None = Field(
        default=None, description="Since when the file was locked when an event last changed this document in it"
    )
    waiver: Exemption | None = None
    release: Exemption | None = None
    versions: tuple[TmfVersion, ...] = ()
    returns: int = Field(default=0, description="How often a version was returned")
    filing_days: int | None = Field(default=None, description="Of the version in force: from final to received")
    review_days: int | None = Field(default=None, description="Of the version in force: from received to filed")
    standing: Standing
    history: tuple[Standing, ...] = ()
    notice_on: str | None = Field(default=None, description="The next day on which its expiry is to be told")

    @property
    def latest(self) -> TmfVersion | None:
        """The version that came last."""
        return self.versions[-1] if self.versions else None

    @property
    def in_force(self) -> TmfVersion | None:
        """The filed version, expired or not."""
        return next((one for one in self.versions if one.stage == "filed"), None)

    def has_origin(self, origin: Origin) -> bool:
        """Whether this object of that system is here already."""
        kept = [one.origin for one in self.versions if one.origin is not None]
        return (origin.source, origin.object_id) in {(one.source, one.object_id) for one in kept}


def existing(document: TmfDocument | None) -> TmfDocument:
    """The document. Raises Refused where there is none."""
    if document is None:
        raise Refused(Reason(code="tmf_document_unknown", detail="The document is not known."))
    return document


def evolve(document: TmfDocument | None, event: TmfDocumentEvent) -> TmfDocument:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, TmfDocumentExpected):
        return _begun(event)
    return _settled(_after(existing(document), event), day_of(event.occurred_at))


def _after(document: TmfDocument, event: TmfDocumentEvent) -> TmfDocument:
    match event:
        case TmfDocumentExpected():
            return document
        case TmfDocumentRequiredAgain():
            return changed(document, waiver=None, release=None)
        case TmfDocumentDueSet():
            return changed(document, due_on=day_of(event.due_on), due_rule=event.rule, due_cause=event.cause)
        case TmfDocumentChangedAfterLock():
            return changed(document, after_lock=event.locked_on)
        case TmfDocumentReceived() | TmfVersionImported():
            return changed(document, versions=(*document.versions, _version(event)), waiver=None, release=None)
        case TmfQcStarted():
            return _with(document, event.number, stage="in_qc", checked_by=event.by)
        case TmfDocumentReturned():
            told = {"stage": "returned", "checked_by": event.by, "findings": event.findings}
            return changed(_decided(document, event.number, event.occurred_at, told), returns=document.returns + 1)
        case TmfDocumentFiled():
            return _decided(document, event.number, event.occurred_at, {"stage": "filed", "checked_by": event.by})
        case TmfVersionSuperseded():
            return _with(document, event.number, stage="superseded")
        case TmfDocumentWaived():
            return changed(document, waiver=_waiver(event))
        case TmfDocumentReleased():
            told = {"grounds": event.grounds, "by": event.by, "on": event.occurred_at, "rule": event.rule}
            return changed(document, release=Exemption.model_validate(told))
        case TmfDocumentExpiring():
            return changed(document, notice_on=day_after(event.expires_on))
        case TmfDocumentExpired():
            return changed(document, notice_on=None)


def _waiver(event: TmfDocumentWaived) -> Exemption:
    return Exemption(grounds=event.grounds, by=event.by, on=event.occurred_at, signature=event.signature)


def _begun(event: TmfDocumentExpected) -> TmfDocument:
    artifact = ARTIFACTS[event.unique_id]
    due, since = day_of(event.due_on) or None, day_of(event.occurred_at)
    standing = Standing(since=since, stage="awaited", due_on=due)
    name = ArtifactName(
        model=artifact.model,
        edition=artifact.version,
        unique_id=artifact.unique_id,
        number=artifact.number,
        name=artifact.name,
    )
    about = event.model_dump(exclude={"occurred_at", "unique_id", "due_on", "cause"})
    kept = {"due_on": due, "due_rule": event.rule if due else None, "due_cause": event.cause if due else None}
    where: dict[str, Any] = {"artifact": name, "zone": artifact.zone, "standing": standing, "history": (standing,)}
    return TmfDocument.model_validate({**about, **kept, **where})


def _version(event: TmfDocumentReceived | TmfVersionImported) -> TmfVersion:
    facts = {"number": event.number, "about": event.about, "file": event.file, "received_by": event.by}
    if isinstance(event, TmfVersionImported):
        more = {
            "origin": event.origin,
            "attachments": event.attachments,
            "stage": event.stage,
            "decided_on": event.about.document_date,
        }
        return TmfVersion.model_validate({**facts, **more, "received_on": event.about.document_date})
    days = days_between(event.about.finalised_on, event.occurred_at)
    more = {"evidence": event.evidence, "received_on": event.occurred_at, "filing_days": days}
    return TmfVersion.model_validate({**facts, **more})


def _with(document: TmfDocument, number: int, **updates: Any) -> TmfDocument:
    versions = tuple(
        one if one.number != number else TmfVersion.model_validate({**dict(one), **updates})
        for one in document.versions
    )
    return changed(document, versions=versions)


def _decided(document: TmfDocument, number: int, at: BusinessTime | None, told: dict[str, Any]) -> TmfDocument:
    version = document.versions[number - 1]
    days = days_between(version.received_on, at)
    return _with(document, number, **told, decided_on=at, review_days=days)


def _settled(document: TmfDocument, since: str) -> TmfDocument:
    """The standing that follows from the facts, remembered with its day where it is another one."""
    version = document.in_force
    expires = day_of(version.about.expires_on) or None if version else None
    facts = {"stage": _stage(document), "review": _review(document), "due_on": document.due_on, "expires_on": expires}
    before = document.standing
    standing = Standing.model_validate({**facts, "since": since})
    if standing == before.model_copy(update={"since": since}):
        return document
    notice = document.notice_on if before.expires_on == expires else notice_from(expires) if expires else None
    days = {"filing_days": version.filing_days, "review_days": version.review_days} if version else {}
    return changed(document, standing=standing, history=(*document.history, standing), notice_on=notice, **days)


def _stage(document: TmfDocument) -> Stage:
    latest = document.latest
    if document.in_force is not None:
        return "filed"
    if document.waiver is not None:
        return "waived"
    if document.release is not None:
        return "released"
    return "awaited" if latest is None else STAGE_OF[latest.stage]


def _review(document: TmfDocument) -> Review:
    """How a newer version fares beside the one in force."""
    latest = document.latest
    if document.in_force is None or latest is None or latest.stage not in NEWER:
        return "none"
    return NEWER[latest.stage]


STAGE_OF: dict[VersionStage, Stage] = {
    "received": "in_review",
    "in_qc": "in_review",
    "returned": "returned",
    "filed": "filed",
    "superseded": "superseded",
    "obsolete": "superseded",
}
NEWER: dict[VersionStage, Review] = {"received": "in_review", "in_qc": "in_review", "returned": "returned"}


def day_after(day: str) -> str:
    """The next day."""
    return days_after(day, 1)
