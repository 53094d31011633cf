"""TMF Reference Model as data: which artifacts there are, and for what a document is returned.

Keyed on the unique id: numbers and names changed between editions (03.01.02 was "Approval Notification" once, and is
"Regulatory Authority Decision" in 3.3.1), unique ids did not. The rows stand in `tmf_reference_model.csv`. Their
levels await a regulatory expert (`levels_certainty`) and guide only: no rule refuses a document for its level.
"""

import csv
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Level = Literal["trial", "country", "site"]
Inclusion = Literal["core", "recommended"]
Certainty = Literal["verified", "from_memory"]

Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)]
YesNo = Annotated[bool, BeforeValidator(lambda value: {"yes": True, "no": False}.get(value, value))]
Maybe = BeforeValidator(lambda value: value or None)

RowT = TypeVar("RowT", bound=BaseModel)

MODEL: Final = "TMF Reference Model"
EDITION: Final = "3.3.1"
ZONES: Final[Mapping[str, str]] = {
    "01": "Trial Management",
    "02": "Central Trial Documents",
    "03": "Regulatory",
    "04": "IRB/IEC and other Approvals",
    "05": "Site Management",
    "06": "IP and Trial Supplies",
    "07": "Safety Reporting",
    "08": "Central and Local Testing",
    "09": "Third Parties",
    "10": "Data Management",
    "11": "Statistics",
}
MILESTONES: Final[Mapping[str, str]] = {
    "01": "First Country Regulatory Approval",
    "02": "Clinical Infrastructure Ready",
    "03": "Site Live",
    "04": "First Monitoring Visit",
    "05": "Significant Study Event",
    "06": "Annual IRB/IEC Renewal",
    "07": "Last Subject Last Visit",
    "08": "Database Lock",
    "09": "Site Closed",
    "10": "Clinical Study Report Approved",
    "11": "Ongoing",
    "12": "TMF Closure",
}
"""The model's own events by which documents are due."""


class Artifact(BaseModel):
    """One kind of document of the reference model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    version: str
    unique_id: int = Field(ge=1, le=9_999)
    number: str = Field(pattern=r"^\d{2}\.\d{2}\.\d{2}$")
    name: str = Field(min_length=1, max_length=200)
    inclusion: Annotated[Inclusion | None, Maybe] = Field(
        default=None, description="None where the model was not read on it"
    )
    levels: Words
    investigator_only: YesNo = Field(description="It never leaves the site (05.04.10 names the subjects)")
    levels_certainty: Certainty
    source: str

    @property
    def zone(self) -> str:
        """The first two digits of its number."""
        return self.number[:2]


class FindingCode(BaseModel):
    """Why a document is returned by quality control, and what mends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z_]+$")
    name: str
    remedy: str
    version: int
    source: str


def rows_of(name: str, row: type[RowT]) -> tuple[RowT, ...]:
    """The rows of a table that ships beside this module, validated. Raises ValueError where one does not fit."""
    text = files("regulatory.domain").joinpath(name).read_text(encoding="utf-8")
    return tuple(row.model_validate(one) for one in csv.DictReader(text.splitlines()))


ARTIFACTS: Final[Mapping[int, Artifact]] = {one.unique_id: one for one in rows_of("tmf_reference_model.csv", Artifact)}
FINDING_CODES: Final[Mapping[str, FindingCode]] = {
    one.code: one for one in rows_of("tmf_finding_codes.csv", FindingCode)
}


def label_of(unique_id: int) -> str:
    """An artifact as people speak of it: `05.02.04 Principal Investigator Curriculum Vitae`."""
    found = ARTIFACTS.get(unique_id)
    return f"artifact {unique_id}" if found is None else f"{found.number} {found.name}"
