"""What every public event class shares."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class PublicEvent(BaseModel):
    """A published event's body. Fields are only ever added; a new meaning is a new `.v2` beside the `.v1`.

    Readers ignore fields they do not know. No names of people, no birth dates, no free text (ICH E6(R3), GDPR art. 25).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]

    study_id: str


class Sponsor(BaseModel):
    """The party that answers for the study (ICH E6(R3) glossary)."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
