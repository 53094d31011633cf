"""What stands in the way of a command on a document of the trial master file: every reason, each with what mends it."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from kernel import BusinessTime, Reason, Refused, SignedContent, is_before

from regulatory.domain.tmf_commands import ExpectDocument, ReceiveVersion, ReleaseDocument, ReturnVersion, WaiveDocument
from regulatory.domain.tmf_reference import ARTIFACTS, FINDING_CODES, MILESTONES, label_of
from regulatory.domain.tmf_version import IN_REVIEW, TmfVersion, VersionStage

if TYPE_CHECKING:
    from regulatory.domain.tmf_document_state import TmfDocument


class ByPerson(Protocol):
    """A command that a person gives."""

    @property
    def by(self) -> str:
        """Who."""
        ...

    @property
    def locked_on(self) -> BusinessTime | None:
        """Since when the study's file is locked."""
        ...


def check(reasons: Sequence[Reason]) -> None:
    """Refuse for these reasons, where there are any."""
    if reasons:
        raise Refused(*reasons)


def expectable(command: ExpectDocument) -> list[Reason]:
    """Why it cannot be expected: an artifact that is none, a place that does not fit its level, a locked file."""
    reasons = [] if command.rule is not None else unlocked(command)
    if command.unique_id not in ARTIFACTS:
        detail = f"{command.unique_id} is no unique id of the reference model. See GET /v1/tmf-artifacts."
        reasons.append(Reason(code="artifact_unknown", field="unique_id", detail=detail))
    if command.milestone is not None and command.milestone not in MILESTONES:
        detail = f"{command.milestone} is no milestone of the reference model: it has {', '.join(MILESTONES)}."
        reasons.append(Reason(code="milestone_unknown", field="milestone", detail=detail))
    return [*reasons, *_placed(command)]


def _placed(command: ExpectDocument) -> list[Reason]:
    needed = {"trial": (), "country": ("country",), "site": ("country", "site_id")}[command.level]
    given = {"country": command.country, "site_id": command.site_id}
    missing = [
        Reason(code=f"{field}_missing", field=field, detail=f"A document of level {command.level} needs a {field}.")
        for field in needed
        if given[field] is None
    ]
    over = [
        Reason(code=f"{field}_not_allowed", field=field, detail=f"A document of level {command.level} has no {field}.")
        for field in given
        if field not in needed and given[field] is not None
    ]
    return [*missing, *over]


def unlocked(command: ByPerson) -> list[Reason]:
    """Nothing changes by hand in a locked file."""
    if command.locked_on is None:
        return []
    detail = f"The trial master file is locked since {command.locked_on}. Unlock it first, with the reason."
    return [Reason(code="tmf_locked", detail=detail)]


def receivable(document: "TmfDocument", command: ReceiveVersion) -> list[Reason]:
    """Why this version cannot be received now."""
    reasons = unlocked(command)
    artifact = ARTIFACTS[document.artifact.unique_id]
    if artifact.investigator_only:
        detail = f"{label_of(artifact.unique_id)} stays at the site: it names subjects. Waive it here, with the reason."
        reasons.append(Reason(code="investigator_only", detail=detail))
    latest = document.latest
    if latest is not None and latest.stage in IN_REVIEW:
        detail = f"Version {latest.about.label} is in review. Return or file it first."
        reasons.append(Reason(code="in_review", field="stage", detail=detail))
    return [*reasons, *_known_already(document, command), *_dates(command)]


def _known_already(document: "TmfDocument", command: ReceiveVersion) -> list[Reason]:
    kept = [one for one in document.versions if one.stage not in {"returned", *IN_REVIEW}]
    label = command.about.label
    reasons: list[Reason] = []
    if any(one.about.label == label for one in kept):
        detail = f"There is a version {label} already. Give the new one a number of its own."
        reasons.append(Reason(code="version_exists", field="label", detail=detail))
    same = next((one for one in kept if one.file is not None and one.file.sha256 == command.file.sha256), None)
    if same is not None:
        detail = f"The same content is filed already as version {same.about.label}."
        reasons.append(Reason(code="same_content", field="file_id", detail=detail))
    return reasons


def _dates(command: ReceiveVersion) -> list[Reason]:
    about, at = command.about, command.occurred_at
    pairs = (
        ("document_date", at, about.document_date, "The document is dated after the day it was received"),
        ("finalised_on", at, about.finalised_on, "The document was final only after the day it was received"),
        ("expires_on", about.expires_on, about.document_date, "The document expires before its own date"),
    )
    return [
        Reason(code=f"{field}_out_of_order", field=field, detail=f"{text}: {left} lies before {right}.")
        for field, left, right, text in pairs
        if left is not None and right is not None and is_before(left, right)
    ]


def checkable(document: "TmfDocument", command: ByPerson, stages: Collection[VersionStage]) -> list[Reason]:
    """Why this person cannot take this step of quality control now."""
    reasons, latest = unlocked(command), document.latest
    if latest is None or latest.stage not in stages:
        there = "nothing was received" if latest is None else f"version {latest.about.label} is {_words(latest.stage)}"
        detail = f"This needs a version that is {' or '.join(_words(one) for one in sorted(stages))}: {there}."
        reasons.append(Reason(code="wrong_stage", field="stage", detail=detail))
    if latest is not None and latest.received_by == command.by:
        detail = "Who sent a document in cannot check it. Let somebody else do so."
        reasons.append(Reason(code="same_person", field="by", detail=detail))
    return reasons


def found(command: ReturnVersion) -> list[Reason]:
    """Why these findings do not do."""
    if not command.findings:
        return [Reason(code="findings_missing", field="findings", detail="Name at least one finding.")]
    known = ", ".join(sorted(FINDING_CODES))
    reasons = [
        Reason(code="finding_unknown", field="findings", detail=f"{one.code} is no finding's code. There are {known}.")
        for one in command.findings
        if one.code not in FINDING_CODES
    ]
    if any(one.code == "other" and not one.note for one in command.findings):
        reasons.append(Reason(code="note_missing", field="findings", detail="A finding `other` needs a note."))
    return reasons


def complete(latest: TmfVersion | None) -> list[Reason]:
    """What a version lacks to be filed."""
    if latest is None or latest.about.document_date is not None:
        return []
    detail = "The document's date is missing. Return it, or send it again with its date."
    return [Reason(code="document_date_missing", field="document_date", detail=detail)]


def exemptible(document: "TmfDocument", command: WaiveDocument | ReleaseDocument) -> list[Reason]:
    """Why the document cannot be waived or released now."""
    reasons = unlocked(command)
    latest = document.latest
    if document.in_force is not None:
        detail = "A version is filed: what is there is neither waived nor released."
        reasons.append(Reason(code="filed_already", field="stage", detail=detail))
    elif latest is not None and latest.stage in IN_REVIEW:
        detail = f"Version {latest.about.label} is in review. Return or file it first."
        reasons.append(Reason(code="in_review", field="stage", detail=detail))
    if not command.grounds:
        reasons.append(Reason(code="reason_missing", field="reason", detail="Say why the document need not be there."))
    return reasons


def signed(command: WaiveDocument, content: SignedContent) -> list[Reason]:
    """Why the signature does not do: it says something else, or is bound to something else."""
    signature = command.signature
    if signature.meaning == "authorisation" and signature.verify(content):
        return []
    return [Reason(code="signature_differs", field="signature", detail="The signature is not one of this waiver.")]


def _words(stage: VersionStage) -> str:
    return stage.replace("_", " ").replace("qc", "quality control")
