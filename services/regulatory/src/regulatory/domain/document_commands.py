"""What may be asked of a controlled document. `by` is the subject of who asks; what people write stays here."""

from kernel import BusinessTime, Command, Signature

from regulatory.domain.document_places import Place
from regulatory.domain.document_state import Change, StoredFile
from regulatory.domain.protocol_synopsis import Synopsis


class CreateDocument(Command):
    """Begin a document of a type of the TMF Reference Model: for the study, a country of it, or a site."""

    document_id: str
    study_id: str
    sponsor_id: str
    type_id: str
    title: str
    language: str | None
    place: Place


class OfVersion(Command):
    """A command about one version, named by its number."""

    version: str


class AddVersion(Command):
    """Begin the next version as a draft; without a number it gets the next minor one."""

    by: str
    version: str | None
    change: Change | None


class AttachFile(OfVersion):
    """Put a file to a draft; the one before stays on record."""

    by: str
    file: StoredFile


class DescribeChange(OfVersion):
    """Say what the draft changes against the version before."""

    by: str
    change: Change


class SetSynopsis(OfVersion):
    """Set objectives, endpoints, procedures and visits of a protocol's draft."""

    by: str
    synopsis: Synopsis


class RequestReview(OfVersion):
    """Ask these people to review the draft; it cannot be changed meanwhile."""

    reviewers: tuple[str, ...]


class CommentOnVersion(OfVersion):
    """A reviewer's comment."""

    comment_id: str
    by: str
    section: str | None
    text: str


class ResolveComment(OfVersion):
    """Say how a comment was dealt with."""

    comment_id: str
    by: str
    resolution: str


class CompleteReview(OfVersion):
    """A reviewer is done."""

    by: str


class ReturnToDraft(OfVersion):
    """Send the version back to its authors; `reason` is due."""

    by: str
    reason: str | None


class ApproveVersion(OfVersion):
    """Approve the version by signature."""

    signature: Signature


class MakeEffective(OfVersion):
    """An approved version begins to be in effect at a place; `occurred_at` is its first day there."""

    place: Place


class EndEffect(Command):
    """No version is in effect at a place any more from `occurred_at` on; `reason` is due."""

    place: Place
    reason: str | None


class WithdrawVersion(OfVersion):
    """Give up a version that was never in effect; `reason` is due."""

    reason: str | None


class RetireDocument(Command):
    """End the document for good; `reason` is due."""

    reason: str | None


class AssignReaders(OfVersion):
    """Ask these people to read the version and to confirm that they understood it."""

    readers: tuple[str, ...]
    due_on: BusinessTime | None


class AcknowledgeVersion(OfVersion):
    """Confirm by signature: read and understood."""

    signature: Signature


DocumentCommand = (
    CreateDocument
    | AddVersion
    | AttachFile
    | DescribeChange
    | SetSynopsis
    | RequestReview
    | CommentOnVersion
    | ResolveComment
    | CompleteReview
    | ReturnToDraft
    | ApproveVersion
    | MakeEffective
    | EndEffect
    | WithdrawVersion
    | RetireDocument
    | AssignReaders
    | AcknowledgeVersion
)
