"""What happens to a controlled document and its versions."""

from kernel import BusinessTime, Event, SignedEvent

from regulatory.domain.document_places import Place
from regulatory.domain.document_state import Change, StoredFile
from regulatory.domain.protocol_synopsis import Synopsis


class DocumentCreated(Event):
    """The document is there, without a version."""

    document_id: str
    study_id: str
    sponsor_id: str
    type_id: str
    title: str
    language: str | None
    place: Place


class VersionDrafted(Event):
    """A version was begun."""

    version: str
    by: str
    change: Change | None


class FileAttached(Event):
    """The draft has this file."""

    version: str
    by: str
    file: StoredFile


class ChangeDescribed(Event):
    """It is said what the draft changes."""

    version: str
    by: str
    change: Change


class SynopsisSet(Event):
    """The draft of the protocol has this synopsis."""

    version: str
    by: str
    synopsis: Synopsis


class ReviewRequested(Event):
    """These people review the version, in a new round."""

    version: str
    round: int
    reviewers: tuple[str, ...]


class VersionCommented(Event):
    """A reviewer commented."""

    version: str
    comment_id: str
    by: str
    section: str | None
    text: str


class CommentResolved(Event):
    """A comment was dealt with."""

    version: str
    comment_id: str
    by: str
    resolution: str


class ReviewCompleted(Event):
    """A reviewer is done."""

    version: str
    by: str


class VersionReturned(Event):
    """The version is a draft again."""

    version: str
    by: str
    reason: str


class VersionApproved(SignedEvent):
    """The version is approved, by signature."""

    version: str


class VersionMadeEffective(Event):
    """The version is in effect at the place from `occurred_at` on."""

    version: str
    place: Place


class VersionSuperseded(Event):
    """At this place another version takes the version's stead, from `since` on."""

    version: str
    place: Place
    superseded_by: str
    since: BusinessTime


class EffectEnded(Event):
    """At this place no version is in effect from `occurred_at` on."""

    place: Place
    reason: str


class VersionWithdrawn(Event):
    """The version was given up."""

    version: str
    reason: str


class DocumentRetired(Event):
    """The document came to its end."""

    reason: str


class ReadersAssigned(Event):
    """These people, too, shall read the version."""

    version: str
    readers: tuple[str, ...]
    due_on: BusinessTime | None


class VersionAcknowledged(SignedEvent):
    """A reader confirmed by signature: read and understood."""

    version: str


DocumentEvent = (
    DocumentCreated
    | VersionDrafted
    | FileAttached
    | ChangeDescribed
    | SynopsisSet
    | ReviewRequested
    | VersionCommented
    | CommentResolved
    | ReviewCompleted
    | VersionReturned
    | VersionApproved
    | VersionMadeEffective
    | VersionSuperseded
    | EffectEnded
    | VersionWithdrawn
    | DocumentRetired
    | ReadersAssigned
    | VersionAcknowledged
)
