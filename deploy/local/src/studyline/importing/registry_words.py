"""The registry's vocabularies in ours.

Source: ClinicalTrials.gov data API v2, enumerations `Status`, `RecruitmentStatus`, `Phase`, `DateType`.
"""

from collections.abc import Mapping
from typing import Literal, cast, get_args

from contracts.sites import SiteStatus, StudyPhase, StudyStatus

from studyline.importing.values import plain

_STATUSES: tuple[StudyStatus, ...] = get_args(StudyStatus)

STUDY_STATUSES: Mapping[str, StudyStatus] = {
    **{status.upper(): status for status in _STATUSES},
    "UNKNOWN_STATUS": "unknown",
}

SITE_STATUSES: Mapping[str, SiteStatus] = {
    "NOT_YET_RECRUITING": "start_up",
    "RECRUITING": "active",
    "ENROLLING_BY_INVITATION": "active",
    "AVAILABLE": "active",
    "SUSPENDED": "on_hold",
    "TEMPORARILY_NOT_AVAILABLE": "on_hold",
    "ACTIVE_NOT_RECRUITING": "closed_to_enrolment",
    "COMPLETED": "closed",
    "NO_LONGER_AVAILABLE": "closed",
    "APPROVED_FOR_MARKETING": "closed",
    "TERMINATED": "terminated",
    "WITHDRAWN": "withdrawn",
    "WITHHELD": "unknown",
    "UNKNOWN": "unknown",
    "UNKNOWN_STATUS": "unknown",
}
"""A place of an expanded-access programme that is AVAILABLE treats patients, hence active."""

DATE_TYPES: Mapping[str, Literal["planned", "actual"]] = {
    "ACTUAL": "actual",
    "ESTIMATED": "planned",
    "ESTIMATE": "planned",
    "ANTICIPATED": "planned",
}

PHASES: Mapping[tuple[str, ...], StudyPhase | None] = {
    (): None,
    ("NA",): "not_applicable",
    ("A", "N"): "not_applicable",
    ("N_A",): "not_applicable",
    ("EARLY_PHASE1",): "early_phase_1",
    ("PHASE1",): "phase_1",
    ("PHASE1", "PHASE2"): "phase_1_2",
    ("PHASE2",): "phase_2",
    ("PHASE2", "PHASE3"): "phase_2_3",
    ("PHASE3",): "phase_3",
    ("PHASE4",): "phase_4",
}
"""`["N", "A"]` is what a converter of the old XML made of `N/A`."""


def study_phase(value: object) -> object:
    """Give the phase of a list of phases; what is no list of texts goes through for the type to refuse."""
    if not isinstance(value, list):
        return value
    words = cast("list[object]", value)
    if not all(isinstance(word, str) for word in words):
        return words
    key = tuple(sorted(plain(str(word)) for word in words))
    if key not in PHASES:
        named = ", ".join(map(str, words))
        message = f"{named} is no phase we know: expected EARLY_PHASE1, PHASE1 to PHASE4 or NA"
        raise ValueError(message)
    return PHASES[key]
