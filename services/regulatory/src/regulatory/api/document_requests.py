"""What clients send about controlled documents."""

from typing import Annotated, Any, Self

from chassis.http.fields import Code, CountryCode, Given, Identifier, Name, Request, StepRequest, Text, condition_of
from fastapi import Depends, Query
from kernel import BusinessTime, Sha256
from pydantic import Field, StringConstraints, model_validator

from regulatory.domain.document_state import Change, VersionNumber, VersionStatus
from regulatory.domain.document_types import DOCUMENT_TYPES, Kind
from regulatory.domain.protocol_synopsis import Synopsis
from regulatory.handlers.documents import Where

Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True, pattern=r"^[^\x00]+$")]
"""A person as tokens name them (`sub`)."""
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$")]
"""BCP 47."""
FileName = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^/\\\x00-\x1f\x7f]+$")
]


class PlacedRequest(StepRequest):
    """A step for a place: a country, or a site (its country is known), or neither: everywhere."""

    country: CountryCode | None = None
    site_id: Identifier | None = None

    @property
    def where(self) -> Where:
        """The place."""
        return Where(self.country, self.site_id)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.country is not None and self.site_id is not None:
            message = "name a country or a site, not both"
            raise ValueError(message)
        return self


class CreateDocumentRequest(PlacedRequest):
    """A document to create: its type by the unique id of the TMF Reference Model, as 032 for a protocol."""

    study_id: Identifier
    type_id: Code
    title: Name
    language: Language | None = None


class ChangeTold(Request):
    """What a version changes against the one before."""

    summary: Text
    substantial: bool
    sections: Annotated[tuple[Name, ...], Field(max_length=200)] = ()

    @property
    def change(self) -> Change:
        """In the domain's words."""
        return Change.model_validate(self.model_dump())


class AddVersionRequest(StepRequest):
    """A version to begin; without a number it gets the next minor one."""

    version: VersionNumber | None = None
    change: ChangeTold | None = None


class DescribeChangeRequest(StepRequest):
    """What a draft changes."""

    change: ChangeTold


class SynopsisRequest(StepRequest):
    """The structured synopsis of a protocol's draft, whole: it takes the stead of the one before."""

    synopsis: Synopsis


class ReviewRequest(StepRequest):
    """Who shall review the version."""

    reviewers: Annotated[tuple[Subject, ...], Field(max_length=100)]


class CommentRequest(StepRequest):
    """A comment, and the section it is about."""

    text: Text
    section: Name | None = None


class ResolutionRequest(StepRequest):
    """How a comment was dealt with."""

    resolution: Text


class SignatureRequest(StepRequest):
    """A signature of the content with this SHA-256: `sha256` of the version, as it was read."""

    sha256: Sha256


class ReadersRequest(StepRequest):
    """Who shall read the version and confirm, and until when."""

    readers: Annotated[tuple[Subject, ...], Field(max_length=1_000)]
    due_on: BusinessTime | None = None


class UploadTold(Request):
    """What is said beside a file, in the query: its name, when it was put there, and why where a reason is due."""

    filename: FileName
    occurred_at: BusinessTime | None = None
    reason: Text | None = None


def types_of(type_id: str | None, kind: str | None) -> tuple[str, ...]:
    """The types that a filter asks for."""
    rows = DOCUMENT_TYPES.values()
    return tuple(row.unique_id for row in rows if type_id in {None, row.unique_id} and kind in {None, row.kind})


def documents_wanted(
    study_id: Given = None,
    type_id: Given = None,
    kind: Kind | None = None,
    status: Annotated[VersionStatus | None, Query(description="Documents with a version in this state")] = None,
    country: Given = None,
    site_id: Given = None,
) -> dict[str, Any]:
    """FastAPI dependency: the condition on stored documents that a list's filters ask for."""
    place = {"state.place.country": country, "state.place.site_id": site_id}
    condition: dict[str, Any] = condition_of({"study": study_id, "state.versions.status": status, **place})
    if type_id is not None or kind is not None:
        condition["state.type_id"] = {"$in": list(types_of(type_id, kind))}
    return condition


DocumentsWanted = Annotated[dict[str, Any], Depends(documents_wanted)]
