"""Controlled document: one document of the trial master file with its versions, from draft to the last place it held.

ICH E6(R3) 4 and appendix C (essential records, version control), EU Annex 11 no. 14 and 21 CFR 11.50 (approval by
signature). Draft → in review (named reviewers, every comment dealt with) → approved (signed, never by an author) →
effective (everywhere, or for each country and site) → superseded there by the next. Beside it stand its
`document_commands`, `_events`, `_state`, `_evolution` (evolve), `_rules`, `_places`, `_types`, and `protocol_synopsis`.
"""

from collections.abc import Sequence

from kernel import Reason, Refused

from regulatory.domain import document_commands as commands
from regulatory.domain import document_events as events
from regulatory.domain import document_rules as rules
from regulatory.domain.document_commands import DocumentCommand
from regulatory.domain.document_events import DocumentEvent
from regulatory.domain.document_evolution import drafted, evolve
from regulatory.domain.document_places import Effect, end_of, ended_by, in_effect
from regulatory.domain.document_state import ControlledDocument, Version
from regulatory.domain.document_types import DOCUMENT_TYPES
from regulatory.domain.protocol_synopsis import flaws

__all__ = ["ControlledDocument", "DocumentCommand", "DocumentEvent", "decide", "evolve"]


def decide(document: ControlledDocument | None, command: DocumentCommand) -> list[DocumentEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case commands.CreateDocument():
            return create(document, command)
        case commands.AddVersion():
            return add_version(_existing(document), command)
        case commands.EndEffect():
            return end_effect(_existing(document), command)
        case commands.RetireDocument():
            return retire(_existing(document), command)
        case commands.AttachFile() | commands.DescribeChange() | commands.SetSynopsis():
            return edit(*_both(document, command.version), command)
        case commands.RequestReview():
            return request_review(*_both(document, command.version), command)
        case commands.CommentOnVersion():
            return comment(*_both(document, command.version), command)
        case commands.ResolveComment():
            return resolve(*_both(document, command.version), command)
        case commands.CompleteReview():
            return complete_review(*_both(document, command.version), command)
        case commands.ReturnToDraft():
            return return_to_draft(*_both(document, command.version), command)
        case commands.ApproveVersion():
            return approve(*_both(document, command.version), command)
        case commands.MakeEffective():
            return make_effective(*_both(document, command.version), command)
        case commands.WithdrawVersion():
            return withdraw(*_both(document, command.version), command)
        case commands.AssignReaders():
            return assign_readers(*_both(document, command.version), command)
        case commands.AcknowledgeVersion():
            return acknowledge(*_both(document, command.version), command)


def create(document: ControlledDocument | None, command: commands.CreateDocument) -> list[DocumentEvent]:
    """Begin once, as a type that the reference model knows."""
    if document is not None:
        return []
    detail = f"There is no document type {command.type_id}: choose one of {', '.join(sorted(DOCUMENT_TYPES))}."
    _refuse(rules.when(command.type_id not in DOCUMENT_TYPES, "type_unknown", "type_id", detail))
    return [events.DocumentCreated.model_validate(dict(command))]


def add_version(document: ControlledDocument, command: commands.AddVersion) -> list[DocumentEvent]:
    """Begin the next version where none is open."""
    latest = document.latest
    number = command.version or _next_number(latest)
    made = events.VersionDrafted(occurred_at=command.occurred_at, version=number, by=command.by, change=command.change)
    if latest is not None and latest == drafted(made):
        return []
    count = len(document.versions) + 1
    _refuse(
        rules.not_retired(document)
        + rules.may_be_added(document, number)
        + rules.room_for(count, rules.VERSIONS_MAX, "versions")
    )
    return [made]


def edit(
    document: ControlledDocument,
    version: Version,
    command: commands.AttachFile | commands.DescribeChange | commands.SetSynopsis,
) -> list[DocumentEvent]:
    """Change a draft's content; nothing that is under review or approved changes."""
    unmet = rules.not_retired(document) + rules.in_status(version, ["draft"])
    match command:
        case commands.AttachFile():
            unmet += rules.room_for(len(version.files) + 1, rules.FILES_MAX, "files")
            known, made = version.file == command.file, events.FileAttached.model_validate(dict(command))
        case commands.DescribeChange():
            known, made = version.change == command.change, events.ChangeDescribed.model_validate(dict(command))
        case commands.SetSynopsis():
            none = f"A {document.type.name} has no synopsis: only a protocol has."
            unmet += rules.when(not document.type.synopsis, "no_synopsis", "synopsis", none) + flaws(command.synopsis)
            known, made = version.synopsis == command.synopsis, events.SynopsisSet.model_validate(dict(command))
    if known:
        return []
    _refuse(unmet)
    return [made]


def request_review(
    document: ControlledDocument, version: Version, command: commands.RequestReview
) -> list[DocumentEvent]:
    """Begin a round of review by named people."""
    reviewers = tuple(dict.fromkeys(command.reviewers))
    if version.status == "in_review" and version.reviewers == reviewers:
        return []
    _refuse(
        rules.not_retired(document)
        + rules.in_status(version, ["draft"])
        + rules.ready_for_review(document, version, reviewers)
    )
    return [
        events.ReviewRequested(
            occurred_at=command.occurred_at, version=version.number, round=version.round + 1, reviewers=reviewers
        )
    ]


def comment(document: ControlledDocument, version: Version, command: commands.CommentOnVersion) -> list[DocumentEvent]:
    """Take a reviewer's comment while their review is open."""
    if any(one.comment_id == command.comment_id for one in version.comments):
        return []
    done = "Your review of this version is complete: it takes no more comments."
    _refuse(
        rules.not_retired(document)
        + rules.in_status(version, ["in_review"])
        + rules.is_reviewer(version, command.by)
        + rules.when(command.by in version.reviewed_by, "review_complete", None, done)
        + rules.room_for(len(version.comments) + 1, rules.COMMENTS_MAX, "comments")
    )
    return [events.VersionCommented.model_validate(dict(command))]


def resolve(document: ControlledDocument, version: Version, command: commands.ResolveComment) -> list[DocumentEvent]:
    """Say how a comment was dealt with: an author does, or who wrote it."""
    found = next((one for one in version.comments if one.comment_id == command.comment_id), None)
    if found is None:
        detail = f"Version {version.number} has no comment {command.comment_id}."
        raise Refused(Reason(code="comment_unknown", field="comment_id", detail=detail))
    if (found.resolution, found.resolved_by) == (command.resolution, command.by):
        return []
    involved = command.by in {*version.authors, found.by}
    theirs = "A comment is resolved by an author of the version or by who wrote it."
    _refuse(
        rules.not_retired(document)
        + rules.in_status(version, rules.OPEN)
        + rules.when(not involved, "not_involved", None, theirs)
        + rules.when(found.resolution is not None, "already_resolved", "resolution", "The comment is resolved already.")
    )
    return [events.CommentResolved.model_validate(dict(command))]


def complete_review(
    document: ControlledDocument, version: Version, command: commands.CompleteReview
) -> list[DocumentEvent]:
    """Note that a named reviewer is done."""
    if command.by in version.reviewed_by and version.status != "draft":
        return []
    _refuse(
        rules.not_retired(document) + rules.in_status(version, ["in_review"]) + rules.is_reviewer(version, command.by)
    )
    return [events.ReviewCompleted.model_validate(dict(command))]


def return_to_draft(
    document: ControlledDocument, version: Version, command: commands.ReturnToDraft
) -> list[DocumentEvent]:
    """Send it back; the comments stay, and the next round asks every reviewer again."""
    if version.status == "draft" and version.round > 0:
        return []
    _refuse(rules.not_retired(document) + rules.in_status(version, ["in_review"]) + rules.reason_given(command.reason))
    return [events.VersionReturned.model_validate(dict(command))]


def approve(document: ControlledDocument, version: Version, command: commands.ApproveVersion) -> list[DocumentEvent]:
    """Approve by signature what was reviewed, and name everything that is missing."""
    earlier, signature = version.approval, command.signature
    if earlier is not None and (earlier.signer_id, earlier.binds) == (signature.signer_id, signature.binds):
        return []
    _refuse(
        rules.not_retired(document)
        + rules.in_status(version, ["in_review"])
        + rules.review_done(version)
        + rules.signed_rightly(document, version, signature, "approval")
        + rules.approver_is_no_author(version, signature)
        + rules.not_before(command.occurred_at, version.drafted_on, "the draft")
    )
    return [events.VersionApproved.model_validate(dict(command))]


def make_effective(
    document: ControlledDocument, version: Version, command: commands.MakeEffective
) -> list[DocumentEvent]:
    """Let a version take effect at a place; what it ends there, and what may end it already, is told."""
    since = command.occurred_at
    added = Effect(version=version.number, place=command.place, since=since) if since is not None else None
    if added is not None and added in document.effects:
        return []
    held = in_effect(document.effects, command.place, since) if since is not None else None
    there = held if held is not None and held.version == version.number else None
    again = f"Version {version.number} is in effect for {command.place} from {there.since if there else ''} already."
    _refuse(
        rules.not_retired(document)
        + rules.may_take_effect(document, version, command)
        + rules.when(there is not None, "already_effective", "occurred_at", again)
    )
    assert added is not None, "without a date the rules refuse"
    made = events.VersionMadeEffective(occurred_at=since, version=version.number, place=command.place)
    ended = [(one, added) for one in ended_by(added, document.effects)]
    at_once = end_of(added, document.effects)
    ended += [(added, at_once)] if at_once is not None else []
    return [made, *(event for one, by in ended for event in _superseded(one, by))]


def end_effect(document: ControlledDocument, command: commands.EndEffect) -> list[DocumentEvent]:
    """End what is in effect at a place without another version in its stead."""
    since = command.occurred_at
    if since is not None and Effect(version=None, place=command.place, since=since) in document.effects:
        return []
    held = [one for one in document.effects if one.version and command.place.contains(one.place)]
    present = [one for one in held if end_of(one, document.effects) is None]
    nothing = f"Nothing is in effect for {command.place}: there is nothing to end."
    _refuse(
        rules.not_retired(document)
        + rules.reason_given(command.reason)
        + rules.when(since is None, "occurred_at_missing", "occurred_at", "The first day without effect is missing.")
        + rules.when(not present, "nothing_in_effect", "country", nothing)
        + [reason for one in present for reason in rules.not_before(since, one.since, f"version {one.version} began")]
    )
    return [events.EffectEnded.model_validate(dict(command))]


def withdraw(document: ControlledDocument, version: Version, command: commands.WithdrawVersion) -> list[DocumentEvent]:
    """Give up a version that never took effect."""
    if version.status == "withdrawn":
        return []
    _refuse(
        rules.not_retired(document)
        + rules.in_status(version, (*rules.OPEN, "approved"))
        + rules.reason_given(command.reason)
    )
    return [events.VersionWithdrawn.model_validate(dict(command))]


def retire(document: ControlledDocument, command: commands.RetireDocument) -> list[DocumentEvent]:
    """End the document: from then on nothing of it is in effect anywhere."""
    if document.status == "retired":
        return []
    begun = [one for one in document.effects if one.version is not None]
    _refuse(
        rules.reason_given(command.reason)
        + rules.when(
            command.occurred_at is None, "occurred_at_missing", "occurred_at", "The day of retirement is missing."
        )
        + [r for one in begun for r in rules.not_before(command.occurred_at, one.since, f"version {one.version} began")]
    )
    return [events.DocumentRetired.model_validate(dict(command))]


def assign_readers(
    document: ControlledDocument, version: Version, command: commands.AssignReaders
) -> list[DocumentEvent]:
    """Ask people to read a version that is approved; who was asked before is not asked again."""
    known = {one.subject for one in version.readers}
    fresh = tuple(one for one in dict.fromkeys(command.readers) if one not in known)
    if command.readers and not fresh:
        return []
    _refuse(
        rules.not_retired(document)
        + rules.in_status(version, rules.IN_FORCE)
        + rules.when(not command.readers, "readers_missing", "readers", "Name at least one reader.")
        + rules.room_for(len(known) + len(fresh), rules.PEOPLE_MAX, "readers")
    )
    return [
        events.ReadersAssigned(
            occurred_at=command.occurred_at, version=version.number, readers=fresh, due_on=command.due_on
        )
    ]


def acknowledge(
    document: ControlledDocument, version: Version, command: commands.AcknowledgeVersion
) -> list[DocumentEvent]:
    """Take an assigned reader's signature: read and understood."""
    signature = command.signature
    reader = next((one for one in version.readers if one.subject == signature.signer_id), None)
    if reader is not None and reader.signature is not None:
        return []
    _refuse(
        rules.not_retired(document)
        + rules.in_status(version, rules.IN_FORCE)
        + rules.when(reader is None, "not_a_reader", None, "You were not asked to read this version.")
        + rules.signed_rightly(document, version, signature, "acknowledgement")
    )
    return [events.VersionAcknowledged.model_validate(dict(command))]


def _refuse(unmet: Sequence[Reason]) -> None:
    if unmet:
        raise Refused(*unmet)


def _existing(document: ControlledDocument | None) -> ControlledDocument:
    if document is None:
        raise Refused(Reason(code="document_unknown", detail="The document is not known."))
    return document


def _both(document: ControlledDocument | None, number: str) -> tuple[ControlledDocument, Version]:
    document = _existing(document)
    version = document.version(number)
    if version is None:
        raise Refused(Reason(code="version_unknown", field="version", detail=f"There is no version {number}."))
    return document, version


def _next_number(latest: Version | None) -> str:
    major, minor = latest.rank if latest is not None else (0, 0)
    return f"{major}.{minor + 1}"


def _superseded(effect: Effect, by: Effect) -> list[DocumentEvent]:
    if effect.version is None or by.version is None:
        return []
    told = {"version": effect.version, "place": effect.place, "superseded_by": by.version, "since": by.since}
    return [events.VersionSuperseded.model_validate({"occurred_at": by.since, **told})]
