"""Versions of documents as objects of eTMF-EMS 1.0.2, and such objects as versions of documents.

What the standard has no element for travels as METADATA under names that begin with `studyline.`; what another system
sent beyond what is kept here is carried along and goes out again. Objects become versions of one document where they
say so (`studyline.document`), or where they share artifact, place and person and at most one of them is current;
otherwise each is a document of its own, told apart by its OBJECTID.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kernel import derived_id

from regulatory.domain.document_state import StoredFile
from regulatory.domain.ems import (
    ALPHA_2,
    ALPHA_3,
    EmsAuditRecord,
    EmsFile,
    EmsLevel,
    EmsMetadata,
    EmsObject,
    EmsSignature,
    VersionState,
    day_read,
    day_written,
    integrity_of,
)
from regulatory.domain.tmf_commands import ImportedStage
from regulatory.domain.tmf_document_state import TmfDocument
from regulatory.domain.tmf_expectations import Place
from regulatory.domain.tmf_reference import Level
from regulatory.domain.tmf_version import (
    About,
    AuditRecord,
    Carried,
    CarriedFile,
    CarriedSignature,
    Evidence,
    TmfVersion,
    VersionStage,
)

OWN: Final = "studyline."
STATE_OF: Final[Mapping[VersionStage, VersionState]] = {
    "filed": "Current",
    "superseded": "Superseded",
    "obsolete": "Obsolete",
}
"""What goes out: versions that are or were the document, never what is still in review."""
STAGE_OF: Final[Mapping[VersionState, ImportedStage]] = {
    "Current": "filed",
    "Superseded": "superseded",
    "Obsolete": "obsolete",
}
LEVEL_OUT: Final[Mapping[Level, EmsLevel]] = {"trial": "Trial", "country": "Country", "site": "Site"}
LEVEL_IN: Final[Mapping[EmsLevel, Level]] = {name: level for level, name in LEVEL_OUT.items()}
EVIDENCE_NAME: Final = "evidence.txt"


# Out


def evidence_text(evidence: Evidence) -> bytes:
    """The file of a version that is an event: where the evidence is kept."""
    text = (
        f"This document is the event {evidence.event_id} ({evidence.event_type}), kept in the journal of Studyline.\n"
    )
    return text.encode()


def object_id_of(document: TmfDocument, version: TmfVersion) -> str:
    """The id of a version in a transfer."""
    return f"{document.tmf_document_id}.{version.number}"


def content_url(object_id: str, position: int, name: str) -> str:
    """Where a file lies in the package; its own name stands in FILENAME."""
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    plain = suffix if suffix.isalnum() and suffix.isascii() and len(suffix) <= SUFFIX_CHARACTERS_MAX else "bin"
    return f"files/{object_id}/{position}.{plain}"


SUFFIX_CHARACTERS_MAX: Final = 8


def object_of(
    document: TmfDocument,
    version: TmfVersion,
    files: Sequence[StoredFile],
    site_number: str | None,
    audit: Sequence[EmsAuditRecord],
) -> EmsObject:
    """One version as an object; `audit` is what happened to it here, and stands with its first file."""
    about, carried = version.about, version.origin.carried if version.origin else Carried()
    key = object_id_of(document, version)
    restricted = carried.restricted
    return EmsObject(
        object_id=key,
        level=LEVEL_OUT[document.level],
        country=ALPHA_3.get(document.country) if document.country else None,
        site_system_id=document.site_id,
        site_id=site_number or document.site_id,
        unique_id=document.artifact.unique_id,
        artifact_number=document.artifact.number,
        person_names=carried.person_names,
        organization=carried.organization,
        language=about.language,
        translation=carried.translation,
        version=about.label,
        state=STATE_OF[version.stage],
        title=about.title,
        sub_artifact=carried.sub_artifact,
        copy_of_original="Yes" if about.copy_of_original else "No",
        expiry_date=day_written(about.expires_on) if about.expires_on else None,
        restricted=restricted,
        retention_date=carried.retention_date,
        artifact_date=day_written(about.document_date) if about.document_date else None,
        date_description=carried.date_description,
        files=tuple(_files_out(key, files, carried, audit)),
        metadata=(
            *_told_out(document, about),
            *(EmsMetadata(name=name, value=value) for name, value in carried.metadata),
        ),
    )


def _files_out(
    key: str, files: Sequence[StoredFile], carried: Carried, audit: Sequence[EmsAuditRecord]
) -> Iterable[EmsFile]:
    for position, file in enumerate(files):
        came = carried.files[position] if position < len(carried.files) else CarriedFile()
        records = [
            EmsAuditRecord(audit_id=one.audit_id, at=one.at, user_ref=one.user, entry_type=one.kind, event=one.event)
            for one in came.audit
        ]
        signatures = [
            EmsSignature(methodology=one.methodology, user_oid=one.user, name=one.name, at=one.at, reason=one.reason)
            for one in came.signatures
        ]
        yield EmsFile(
            integrity=integrity_of(file.sha256),
            filename=file.filename,
            content_url=content_url(key, position, file.filename),
            description=came.description,
            signatures=tuple(signatures),
            audit=(*records, *(audit if position == 0 else ())),
        )


def _told_out(document: TmfDocument, about: About) -> Iterable[EmsMetadata]:
    told = {
        "document": document.tmf_document_id,
        "occurrence": document.occurrence,
        "person": document.person_id,
        "organisation": document.organisation_id,
        "milestone": document.milestone,
        "document_date": about.document_date if _is_coarse(about.document_date) else None,
        "expires_on": about.expires_on if _is_coarse(about.expires_on) else None,
        "finalised_on": about.finalised_on,
    }
    return [EmsMetadata(name=f"{OWN}{name}", value=value) for name, value in told.items() if value is not None]


def _is_coarse(day: str | None) -> bool:
    return day is not None and len(day) < len("2026-03-01")


# In


@dataclass(frozen=True)
class Incoming:
    """An object on its way in: for which document, as which version. `occurrence` of the place is not settled yet."""

    source: EmsObject
    place: Place

    @property
    def kin(self) -> tuple[str, ...]:
        """What objects share that may be versions of one document."""
        said = self.source.told(f"{OWN}document")
        if said is not None:
            return ("document", said)
        one = self.source
        return (repr(self.place), *one.person_names, one.organization or "", one.sub_artifact or "")


def place_of(one: EmsObject, site_id: str | None) -> Place:
    """For which artifact and place the object is; the site is the study's own."""
    level = LEVEL_IN[one.level]
    return Place(
        one.unique_id,
        level,
        country=ALPHA_2.get(one.country) if one.country and level != "trial" else None,
        site_id=site_id if level == "site" else None,
        person_id=one.told(f"{OWN}person"),
        organisation_id=one.told(f"{OWN}organisation"),
        occurrence=one.told(f"{OWN}occurrence"),
    )


def settled(incoming: Sequence[Incoming]) -> list[Incoming]:
    """Each with the place that tells its document from others; older versions before the current one.

    The same package gives the same places again, whatever is in the file by then: so an import can go on.
    """
    groups: dict[tuple[str, ...], list[Incoming]] = {}
    for one in incoming:
        groups.setdefault(one.kin, []).append(one)
    found: list[Incoming] = []
    for kin, group in groups.items():
        together = kin[0] == "document" or _are_versions(group)
        found += sorted((_placed(one, together=together) for one in group), key=_is_current)
    return found


def _are_versions(group: Sequence[Incoming]) -> bool:
    """Whether these are versions of one document: at most one is current, and no two have the same number."""
    labels = {one.source.version for one in group}
    return len(labels) == len(group) and sum(_is_current(one) for one in group) <= 1


def _is_current(one: Incoming) -> bool:
    return one.source.state == "Current"


def _placed(one: Incoming, *, together: bool) -> Incoming:
    source, place = one.source, one.place
    if not together:
        return replace(one, place=replace(place, occurrence=f"object {source.object_id}"))
    told = (*source.person_names, source.organization or "", source.sub_artifact or "")
    if source.told(f"{OWN}document") is not None or not any(told):
        return one
    return replace(one, place=replace(place, occurrence=derived_id("ems", *told)))


def about_of(one: EmsObject) -> About:
    """What the version is; where our own metadata tells a date more truly, that counts."""
    dated = one.told(f"{OWN}document_date") or (day_read(one.artifact_date) if one.artifact_date else None)
    expires = one.told(f"{OWN}expires_on") or (day_read(one.expiry_date) if one.expiry_date else None)
    return About(
        label=one.version,
        title=one.title or None,
        language=one.language,
        document_date=dated,
        finalised_on=one.told(f"{OWN}finalised_on"),
        expires_on=expires,
        copy_of_original=one.copy_of_original == "Yes",
    )


def carried_by(one: EmsObject) -> Carried:
    """What is carried along."""
    return Carried(
        person_names=one.person_names,
        organization=one.organization,
        sub_artifact=one.sub_artifact,
        translation=one.translation,
        restricted=one.restricted,
        retention_date=one.retention_date,
        date_description=one.date_description,
        metadata=tuple((each.name, each.value) for each in one.metadata if not each.name.startswith(OWN)),
        files=tuple(_carried_file(each) for each in one.files),
    )


def _carried_file(file: EmsFile) -> CarriedFile:
    return CarriedFile(
        description=file.description,
        signatures=tuple(
            CarriedSignature(
                methodology=one.methodology, user=one.user_oid, name=one.name, at=one.at, reason=one.reason
            )
            for one in file.signatures
        ),
        audit=tuple(
            AuditRecord(audit_id=one.audit_id, at=one.at, user=one.user_ref, kind=one.entry_type, event=one.event)
            for one in file.audit
        ),
    )
