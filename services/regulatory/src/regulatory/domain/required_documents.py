"""Which documents a submission needs, as data: by country, kind, body and part, with the TMF artefact's unique id.

The rows stand in `required_documents.csv`. The most specific jurisdiction that has rows for a kind and body counts: the
country's own, then the Union's, then those that hold everywhere (`*`).
"""

import csv
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from regulatory.domain.clock_rules import EEA, Certainty
from regulatory.domain.submission_steps import Body, Kind, Part


class RequiredDocument(BaseModel):
    """One row: a document that a submission of this kind to this body cannot do without."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jurisdiction: str = Field(pattern=r"^([A-Z]{2}|\*)$")
    kind: Kind
    bodies: Body
    part: Annotated[Part | None, BeforeValidator(lambda value: value or None)] = None
    tmf_unique_id: str = Field(pattern=r"^\d{3}$")
    number: str = Field(pattern=r"^\d\d\.\d\d\.\d\d$")
    name: str
    version: int = Field(ge=1)
    certainty: Certainty
    valid_from: date
    source: str


def _shipped() -> tuple[RequiredDocument, ...]:
    with (files("regulatory.domain") / "required_documents.csv").open(encoding="utf-8") as file:
        return tuple(RequiredDocument.model_validate(row) for row in csv.DictReader(file))


REQUIRED_DOCUMENTS: Final = _shipped()
"""The rows that ship with the platform."""


def required_documents(country: str, kind: Kind, body: Body, parts: Sequence[Part]) -> list[RequiredDocument]:
    """What a submission needs; no parts means the whole dossier."""
    rows = [row for row in REQUIRED_DOCUMENTS if (row.kind, row.bodies) == (kind, body)]
    levels = (country, "EU" if country in EEA else None, "*")
    found = next((level for level in levels if any(row.jurisdiction == level for row in rows)), None)
    return [row for row in rows if row.jurisdiction == found and (not parts or row.part is None or row.part in parts)]
