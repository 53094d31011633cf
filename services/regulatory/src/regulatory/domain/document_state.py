"""A controlled document as it is: its versions from draft to end, and where each is in effect."""

from typing import Annotated, Final, Literal

from kernel import BusinessTime, Sha256, Signature, SignedContent, State, content_sha256
from pydantic import Field, StringConstraints

from regulatory.domain.document_places import Effect, Place
from regulatory.domain.document_types import DOCUMENT_TYPES, DocumentType
from regulatory.domain.protocol_synopsis import Synopsis

VersionStatus = Literal["draft", "in_review", "approved", "effective", "superseded", "obsolete", "withdrawn"]
"""What was decided. What holds at a place on a date is asked with a date: `document_places.in_effect`."""
VersionNumber = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$")]
KIND: Final = "controlled_document"


class StoredFile(State):
    """A file that this service keeps; the same content has the same SHA-256."""

    file_id: str
    sha256: Sha256
    size_bytes: int = Field(ge=1)
    media_type: str
    filename: str


class Change(State):
    """What a version changes, whether substantially (CTR 536/2014 art. 2(2)(13)), and in which sections."""

    summary: Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]
    substantial: bool
    sections: tuple[str, ...] = Field(default=(), max_length=200)


class Comment(State):
    """A reviewer's comment, and how it was dealt with."""

    comment_id: str
    round: int
    by: str
    section: str | None
    text: str
    resolution: str | None = None
    resolved_by: str | None = None


class Reader(State):
    """Who shall read a version, until when, and the signature that says they understood it."""

    subject: str
    due_on: BusinessTime | None
    signature: Signature | None = None


class Version(State):
    """One version: its content, its review, its approval, its readers."""

    number: VersionNumber
    status: VersionStatus = "draft"
    authors: tuple[str, ...]
    drafted_on: BusinessTime | None
    change: Change | None = None
    files: tuple[StoredFile, ...] = ()
    synopsis: Synopsis | None = None
    round: int = 0
    reviewers: tuple[str, ...] = ()
    reviewed_by: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()
    approval: Signature | None = None
    approved_on: BusinessTime | None = None
    readers: tuple[Reader, ...] = ()

    @property
    def file(self) -> StoredFile | None:
        """The file that counts: the last one."""
        return self.files[-1] if self.files else None

    @property
    def rank(self) -> tuple[int, int]:
        """Its place in the order of versions."""
        return rank_of(self.number)

    @property
    def sha256(self) -> str | None:
        """What a signature binds: the file's SHA-256; with a synopsis, that of both. None without a file."""
        if self.file is None or self.synopsis is None:
            return self.file.sha256 if self.file is not None else None
        synopsis = content_sha256(self.synopsis.model_dump(mode="json"))
        return content_sha256({"file_sha256": self.file.sha256, "synopsis_sha256": synopsis})


class ControlledDocument(State):
    """A document of one type, for the study or a place in it."""

    document_id: str
    study_id: str
    sponsor_id: str
    type_id: str
    title: str
    language: str | None
    place: Place
    status: Literal["active", "retired"] = "active"
    versions: tuple[Version, ...] = ()
    effects: tuple[Effect, ...] = ()

    @property
    def type(self) -> DocumentType:
        """Its row of the TMF Reference Model."""
        return DOCUMENT_TYPES[self.type_id]

    @property
    def latest(self) -> Version | None:
        """The version begun last."""
        return self.versions[-1] if self.versions else None

    def version(self, number: str) -> Version | None:
        """The version of this number."""
        return next((one for one in self.versions if one.number == number), None)

    def content_of(self, version: Version) -> SignedContent | None:
        """What a signature of this version must bind to; None while it has no file."""
        if version.sha256 is None:
            return None
        return SignedContent(kind=KIND, id=self.document_id, version=version.number, sha256=version.sha256)


def rank_of(number: str) -> tuple[int, int]:
    """`2.10` comes after `2.9`."""
    major, _, minor = number.partition(".")
    return int(major), int(minor)
