"""A record of ClinicalTrials.gov (API v2) to a study and its sites. Pure; a record is taken whole or not.

Source: ClinicalTrials.gov data API v2, `Study` structure. Dates of type ESTIMATED (ESTIMATE in older records)
are planned, those of type ACTUAL happened; a date without type happened where all it may mean lies before
today.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from client import Milestone, SiteRecord, SponsorName, StudyRecord
from contracts import derived_id
from contracts.sites import SiteStatus, StudyMilestoneKind, StudyPhase, StudyStatus
from kernel import is_before
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from studyline.importing.countries import country_code
from studyline.importing.flaws import Faulty, flaws_of
from studyline.importing.registry_numbers import registry_numbers
from studyline.importing.registry_words import DATE_TYPES, SITE_STATUSES, STUDY_STATUSES, study_phase
from studyline.importing.values import Code, Name, OptionalCode, OptionalDate, OptionalName, Text, word_of

SOURCE = "clinicaltrials.gov"
MOST_SUBJECTS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RegistryStudy:
    """What one record of the registry becomes."""

    study: StudyRecord
    sites: tuple[SiteRecord, ...]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", alias_generator=to_camel)


def _nct_id(value: str) -> str:
    if re.fullmatch(r"NCT\d{8}", value, re.ASCII) is None:
        message = "is no number of ClinicalTrials.gov: expected NCT and eight digits"
        raise ValueError(message)
    return value


class _OwnNumber(_Part):
    id: OptionalCode = None


class _OtherNumber(_Part):
    # Some of these are whole sentences; only the registry numbers in them are taken.
    id: str | None = None


class _Identification(_Part):
    nct_id: Annotated[str, AfterValidator(_nct_id)]
    nct_id_aliases: tuple[Code, ...] | None = None
    org_study_id_info: _OwnNumber | None = None
    secondary_id_infos: tuple[_OtherNumber, ...] | None = None
    brief_title: Text


class _Date(_Part):
    date: OptionalDate = None
    type: Annotated[Literal["planned", "actual"] | None, BeforeValidator(word_of(DATE_TYPES, "date type"))] = None


class _Status(_Part):
    overall_status: Annotated[StudyStatus, BeforeValidator(word_of(STUDY_STATUSES, "study status"))]
    study_first_submit_date: OptionalDate = None
    start_date_struct: _Date | None = None
    primary_completion_date_struct: _Date | None = None
    completion_date_struct: _Date | None = None
    results_first_post_date_struct: _Date | None = None
    last_update_submit_date: OptionalDate = None


class _Sponsor(_Part):
    name: Name


class _Sponsors(_Part):
    lead_sponsor: _Sponsor


class _Enrolment(_Part):
    count: int | None = Field(default=None, ge=0, le=MOST_SUBJECTS)


class _Design(_Part):
    phases: Annotated[StudyPhase | None, BeforeValidator(study_phase)] = None
    enrollment_info: _Enrolment | None = None


class _Location(_Part):
    facility: OptionalName = None
    city: OptionalName = None
    state: OptionalName = None
    zip: OptionalName = None
    country: Annotated[Name, AfterValidator(country_code)]
    status: Annotated[SiteStatus | None, BeforeValidator(word_of(SITE_STATUSES, "site status"))] = None


class _Locations(_Part):
    locations: tuple[_Location, ...] | None = None


class _Protocol(_Part):
    identification_module: _Identification
    status_module: _Status
    sponsor_collaborators_module: _Sponsors
    design_module: _Design | None = None
    contacts_locations_module: _Locations | None = None


class _Record(_Part):
    protocol_section: _Protocol


def read_study(text: bytes, today: str) -> RegistryStudy | Faulty:
    """Map the JSON text of one record; `today` is an ISO date."""
    try:
        protocol = _Record.model_validate_json(text).protocol_section
    except ValidationError as error:
        return Faulty(_key_of(text), flaws_of(error))
    locations = (protocol.contacts_locations_module or _Locations()).locations or ()
    return RegistryStudy(_study(protocol, locations, today), tuple(_sites(protocol, locations)))


def _study(protocol: _Protocol, locations: Sequence[_Location], today: str) -> StudyRecord:
    identification, design = protocol.identification_module, protocol.design_module or _Design()
    nct_id = identification.nct_id
    return StudyRecord(
        key=nct_id,
        sponsor=SponsorName(name=protocol.sponsor_collaborators_module.lead_sponsor.name),
        # The sponsor's own number is the registry's required field, yet a few old records lack it.
        protocol_number=(identification.org_study_id_info or _OwnNumber()).id or nct_id,
        registry_ids=_registry_ids(identification),
        title=identification.brief_title,
        phase=design.phases,
        status=protocol.status_module.overall_status,
        countries=tuple(sorted({location.country for location in locations})),
        planned_enrolment=(design.enrollment_info or _Enrolment()).count,
        milestones=tuple(_milestones(protocol.status_module, today)),
        as_of=protocol.status_module.last_update_submit_date,
    )


def _registry_ids(identification: _Identification) -> tuple[str, ...]:
    aliases = identification.nct_id_aliases or ()
    others = registry_numbers(other.id for other in identification.secondary_id_infos or () if other.id)
    return tuple(dict.fromkeys((identification.nct_id, *aliases, *others)))


def _milestones(status: _Status, today: str) -> Iterator[Milestone]:
    if status.study_first_submit_date is not None:
        yield Milestone(kind="first_submitted", actual=status.study_first_submit_date)
    dated: tuple[tuple[StudyMilestoneKind, _Date | None], ...] = (
        ("study_start", status.start_date_struct),
        ("primary_completion", status.primary_completion_date_struct),
        ("study_completion", status.completion_date_struct),
        ("results_posted", status.results_first_post_date_struct),
    )
    for kind, struct in dated:
        if struct is not None and struct.date is not None:
            yield _milestone(kind, struct.date, struct.type, today)


def _milestone(kind: StudyMilestoneKind, date: str, given: str | None, today: str) -> Milestone:
    happened = given == "actual" or (given is None and is_before(date, today))
    return Milestone(kind=kind, actual=date) if happened else Milestone(kind=kind, planned=date)


def _sites(protocol: _Protocol, locations: Sequence[_Location]) -> Iterator[SiteRecord]:
    study_id = derived_id("study", SOURCE, protocol.identification_module.nct_id)
    as_of = protocol.status_module.last_update_submit_date
    occurrences = Counter[str]()
    for location in locations:
        place = _place(location)
        occurrences[place] += 1
        yield SiteRecord(
            key=f"{place}-{occurrences[place]}",
            study_id=study_id,
            name=location.facility,
            city=location.city,
            country=location.country,
            status=location.status or "unknown",
            as_of=as_of,
        )


def _place(location: _Location) -> str:
    """Give what tells a record's places apart and stays when a status changes; equal ones are counted."""
    parts = (location.facility, location.city, location.state, location.zip, location.country)
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:20]


def _key_of(text: bytes) -> str | None:
    """Give the record's number where it can be read at all."""
    try:
        number = from_json(text)["protocolSection"]["identificationModule"]["nctId"]
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return number if isinstance(number, str) else None
