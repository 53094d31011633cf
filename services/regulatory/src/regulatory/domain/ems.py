"""eTMF Exchange Mechanism Standard 1.0.2: what a transfer between trial master files says, and how it is checked.

A transfer is a package with `exchange.xml` and the files it speaks of. A BATCH holds OBJECTs, one a version of a
document, each with its FILEs, their signatures and audit records. The names of elements, their order and their forms
are the standard's, misspelt `RENTENTIONDATE` included; the code here is ours.
"""

import base64
import csv
import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Final, Literal

from kernel import bounds
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

NAMESPACE: Final = "https://tmfrefmodel.com/ems"
SPECIFICATION: Final = "1.0.2"

Filled = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Words = Annotated[str, StringConstraints(max_length=10_000)]
YesNo = Literal["Yes", "No"]
EmsLevel = Literal["Trial", "Country", "Site"]
VersionState = Literal["Current", "Superseded", "Obsolete"]
DayText = Annotated[str, StringConstraints(pattern=r"^\d{2}-[A-Za-z]{3}-\d{4}$")]
InstantText = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$")
]

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SRI: Final = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/]+={0,2})(\?\S*)?")
LANGUAGES: Final = frozenset(
    re.findall(
        r"[a-z]{2}",
        """
        aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee
        el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is
        it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms
        mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk
        sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi
        yo za zh zu
        """,
    )
)
"""The two-letter codes of ISO 639 that the standard knows."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EmsSignature(_Part):
    """SIGNATURE of a file."""

    methodology: Literal["Electronic", "Digital"]
    user_oid: Filled
    name: Filled
    at: InstantText
    reason: Filled


class EmsAuditRecord(_Part):
    """AUDITRECORD of a file."""

    audit_id: Filled
    at: InstantText
    user_ref: Filled
    entry_type: Literal["New", "Change", "Delete", "Other"]
    event: Filled


class EmsFile(_Part):
    """FILE of an object: its content stands in the package under `content_url`."""

    integrity: Filled
    filename: Filled
    content_url: Filled
    description: Words | None = None
    signatures: tuple[EmsSignature, ...] = ()
    audit: tuple[EmsAuditRecord, ...] = ()

    @field_validator("integrity")
    @classmethod
    def _is_integrity(cls, value: str) -> str:
        if any(_SRI.fullmatch(one) for one in value.split()):
            return value
        message = "expected Subresource Integrity, such as sha256-… in base64"
        raise ValueError(message)


class EmsMetadata(_Part):
    """METADATA: what two partners agreed on beyond the standard."""

    name: Words
    value: Words


class EmsObject(_Part):
    """OBJECT: one version of one document."""

    object_id: Filled
    level: EmsLevel
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    site_system_id: Filled | None = None
    site_id: Filled | None = None
    unique_id: int = Field(ge=1, le=9_999)
    artifact_number: Annotated[str, StringConstraints(pattern=r"^\d{2}\.\d{2}\.\d{2}$")]
    person_names: tuple[Words, ...] = ()
    organization: Words | None = None
    language: str | None = None
    translation: YesNo | None = None
    version: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    state: VersionState
    title: Words | None = None
    sub_artifact: Words | None = None
    copy_of_original: YesNo
    expiry_date: DayText | None = None
    restricted: YesNo | None = None
    retention_date: DayText | None = None
    artifact_date: DayText | None = None
    date_description: Words | None = None
    files: tuple[EmsFile, ...] = Field(min_length=1)
    metadata: tuple[EmsMetadata, ...] = ()

    @field_validator("language")
    @classmethod
    def _is_language(cls, value: str | None) -> str | None:
        if value is None or value in LANGUAGES:
            return value
        message = "expected a two-letter code of ISO 639, such as en"
        raise ValueError(message)

    @field_validator("expiry_date", "retention_date", "artifact_date")
    @classmethod
    def _is_day(cls, value: str | None) -> str | None:
        if value is not None:
            day_read(value)
        return value

    def told(self, name: str) -> str | None:
        """What the metadata of this name says."""
        return next((one.value for one in self.metadata if one.name == name), None)


class EmsBatch(_Part):
    """BATCH: the transfer as a whole."""

    study_id: Filled
    transfer_source_id: Filled
    transfer_id: Filled
    specification_id: Filled
    tmf_rm_version: Annotated[str, StringConstraints(pattern=r"^([1-9]\d|\d)\.([1-9]\d|\d)(\.([1-9]\d|\d))?$")]
    study_system_id: Words | None = None
    event_id: Words | None = None


def day_written(day: str) -> str:
    """The first day that a business time may mean, as the standard writes days: `01-Mar-2026`."""
    found = bounds(day)[0].date()
    return f"{found.day:02}-{MONTHS[found.month - 1].capitalize()}-{found.year:04}"


def day_read(text: str) -> str:
    """A day of the standard as ISO 8601. Raises ValueError."""
    day, month, year = text.split("-")
    if month.lower() not in MONTHS:
        message = f"{month} is no month: expected a day such as 01-Mar-2026"
        raise ValueError(message)
    iso = f"{year}-{MONTHS.index(month.lower()) + 1:02}-{day}"
    bounds(iso)
    return iso


def integrity_of(sha256: str) -> str:
    """A SHA-256 in hexadecimal digits as Subresource Integrity."""
    return f"sha256-{base64.b64encode(bytes.fromhex(sha256)).decode()}"


class Integrity:
    """Checks content against its Subresource Integrity while it comes; of several hashes the strongest counts."""

    def __init__(self, text: str) -> None:
        """Read what is expected."""
        found = [match for one in text.split() if (match := _SRI.fullmatch(one))]
        self._algorithm = max((match[1] for match in found), default="sha256")
        self._expected = {match[2].rstrip("=") for match in found if match[1] == self._algorithm}
        self._digest = hashlib.new(self._algorithm)

    def update(self, part: bytes) -> None:
        """Take the next part."""
        self._digest.update(part)

    @property
    def holds(self) -> bool:
        """Whether all that came is what was expected."""
        return base64.b64encode(self._digest.digest()).decode().rstrip("=") in self._expected


def _countries() -> Mapping[str, str]:
    text = files("regulatory.domain").joinpath("countries.csv").read_text(encoding="utf-8")
    return {row["alpha_2"]: row["alpha_3"] for row in csv.DictReader(text.splitlines())}


ALPHA_3: Final = _countries()
ALPHA_2: Final[Mapping[str, str]] = {three: two for two, three in ALPHA_3.items()}
