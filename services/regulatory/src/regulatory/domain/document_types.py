"""The types of controlled documents, as rows of data: TMF Reference Model 3.3.1, keyed by its unique ids.

Numbers and names change between editions of the model, unique ids do not. `places` says whether a version takes effect
everywhere at once or for each country or site, once authority and ethics committee agree (CTR 536/2014 art. 8 and 19).
"""

import csv
from importlib.resources import files
from typing import Final, Literal

from kernel import DateOnly
from pydantic import BaseModel, ConfigDict, Field

Places = Literal["global", "country_or_site"]
Kind = Literal[
    "protocol",
    "protocol_amendment",
    "synopsis",
    "investigators_brochure",
    "informed_consent_form",
    "subject_information_sheet",
    "case_report_form",
    "training_material",
    "study_report",
    "plan",
]


class DocumentType(BaseModel):
    """One row: the artefact of the model, and how its versions take effect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unique_id: str = Field(pattern=r"^\d{3}$")
    number: str = Field(pattern=r"^\d{2}\.\d{2}\.\d{2}$")
    name: str = Field(min_length=1)
    kind: Kind
    zone: str = Field(pattern=r"^\d{2}$")
    places: Places
    synopsis: bool = Field(description="Whether its versions carry structured objectives, endpoints and visits")
    version: str = Field(description="Of the model")
    valid_from: DateOnly
    source: str


def _rows() -> dict[str, DocumentType]:
    text = files("regulatory.domain").joinpath("document_types.csv").read_text(encoding="utf-8")
    rows = [DocumentType.model_validate(row) for row in csv.DictReader(text.splitlines())]
    by_id = {row.unique_id: row for row in rows}
    assert len(by_id) == len(rows), "a unique id stands once in document_types.csv"
    return by_id


DOCUMENT_TYPES: Final = _rows()
