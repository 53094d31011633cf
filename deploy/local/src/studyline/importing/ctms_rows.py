"""The tables of a CTMS and EDC extract, with the columns that matter here and their words in ours.

The form is that of Gilead's `clindata`: tables `ctms_*` of the trial management system, `rawplus_*` of the
electronic data capture. A cell that the extract's own checks refused says `out of bound:` before its value.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from contracts.monitoring import DeviationCategory, Severity
from contracts.sites import SiteStatus, StudyPhase
from pydantic import AfterValidator, BeforeValidator

from studyline.importing.countries import country_code
from studyline.importing.tables import Row
from studyline.importing.values import (
    Code,
    Name,
    OptionalCode,
    OptionalDate,
    OptionalName,
    Text,
    none_if_blank,
    word_of,
)

OUT_OF_BOUND = "out of bound:"
StudyState = Literal["planned", "active", "on_hold", "completed", "terminated", "withdrawn"]

STUDY_STATES: Mapping[str, StudyState] = {
    "PLANNED": "planned",
    "IN_START_UP": "planned",
    "START_UP": "planned",
    "ACTIVE": "active",
    "ONGOING": "active",
    "ON_HOLD": "on_hold",
    "SUSPENDED": "on_hold",
    "CLOSED": "completed",
    "COMPLETED": "completed",
    "TERMINATED": "terminated",
    "CANCELLED": "withdrawn",
    "WITHDRAWN": "withdrawn",
}
SITE_STATUSES: Mapping[str, SiteStatus] = {
    "PLANNED": "identified",
    "IDENTIFIED": "identified",
    "SELECTED": "selected",
    "NOT_SELECTED": "not_selected",
    "START_UP": "start_up",
    "INITIATED": "start_up",
    "ACTIVE": "active",
    "ENROLLING": "active",
    "ON_HOLD": "on_hold",
    "SUSPENDED": "on_hold",
    "CLOSED_TO_ENROLLMENT": "closed_to_enrolment",
    "ENROLLMENT_CLOSED": "closed_to_enrolment",
    "CLOSED": "closed",
    "COMPLETED": "closed",
    "TERMINATED": "terminated",
    "WITHDRAWN": "withdrawn",
    "CANCELLED": "withdrawn",
}
PHASES: Mapping[str, StudyPhase] = {
    **dict.fromkeys(("P1", "PHASE_1", "PHASE_I"), "phase_1"),
    **dict.fromkeys(("P1_2", "PHASE_1_2", "PHASE_I_II"), "phase_1_2"),
    **dict.fromkeys(("P2", "PHASE_2", "PHASE_II"), "phase_2"),
    **dict.fromkeys(("P2_3", "PHASE_2_3", "PHASE_II_III"), "phase_2_3"),
    **dict.fromkeys(("P3", "PHASE_3", "PHASE_III"), "phase_3"),
    **dict.fromkeys(("P4", "PHASE_4", "PHASE_IV"), "phase_4"),
    "N_A": "not_applicable",
}
CATEGORIES: Mapping[str, DeviationCategory] = {
    "INFORMED_CONSENT": "informed_consent",
    "ELIGIBILITY_CRITERIA": "eligibility",
    "WRONG_TREATMENT_OR_INCORRECT_DOSE": "investigational_product",
    "OTHER_TREATMENT_COMPLIANCE_ISSUE": "treatment_compliance",
    "EXCLUDED_CONCOMITANT_MEDICATION": "prohibited_medication",
    "OFF_SCHEDULE_PROCEDURE": "visit_schedule",
    "STUDY_PROCEDURES": "study_procedures",
    "SAFETY": "safety",
    "OTHER": "other",
}
SEVERITIES: Mapping[str, Severity] = {
    "MILD": "mild",
    "MODERATE": "moderate",
    "SEVERE": "severe",
    "LIFE_THREATENING": "life_threatening",
    "FATAL": "fatal",
}
FLAGS: Mapping[str, Literal["yes", "no"]] = {
    "YES": "yes",
    "Y": "yes",
    "TRUE": "yes",
    "NO": "no",
    "N": "no",
    "FALSE": "no",
}


def _within_bounds(value: str) -> str:
    return value.removeprefix(OUT_OF_BOUND)


def _category(value: str) -> str:
    """A blank category, and one that the extract's own checks refused, is none of the named ones."""
    return "OTHER" if not value.strip() or value.startswith(OUT_OF_BOUND) else value


def _day(value: str) -> str:
    """The day of a local time such as `2013-12-31T04:32`, whose zone is not given."""
    return value.partition("T")[0]


Country = Annotated[Name, AfterValidator(country_code)]
Flag = Annotated[Literal["yes", "no"], BeforeValidator(word_of(FLAGS, "answer"))]
OptionalFlag = Annotated[
    Literal["yes", "no"] | None, BeforeValidator(word_of(FLAGS, "answer")), BeforeValidator(none_if_blank)
]
OptionalDay = Annotated[OptionalDate, BeforeValidator(_day)]


class StudyRow(Row):
    """`ctms_study`: the study. `fpfv` is the first patient's first visit, `lplv` the last's last one."""

    protocol_number: Code
    protocol_title: Text
    phase: Annotated[StudyPhase | None, BeforeValidator(word_of(PHASES, "phase")), BeforeValidator(none_if_blank)]
    status: Annotated[StudyState, BeforeValidator(word_of(STUDY_STATES, "study status"))]
    num_plan_subj: Annotated[int | None, BeforeValidator(none_if_blank)]
    est_fpfv: OptionalDate
    act_fpfv: OptionalDate
    est_lpfv: OptionalDate
    act_lpfv: OptionalDate
    est_lplv: OptionalDate
    act_lplv: OptionalDate


class SiteRow(Row):
    """`ctms_site`: a site that the trial management system lists."""

    site_num: Code
    site_status: Annotated[SiteStatus, BeforeValidator(word_of(SITE_STATUSES, "site status"))]
    account: OptionalName
    site_active_dt: OptionalDate
    city: OptionalName
    country: Country


class EnrolmentRow(Row):
    """`rawplus_enroll`: a subject that was screened; `subjid` only once it is enrolled."""

    subjectid: Code
    siteid: Code
    subjid: OptionalCode
    enroll_dt: OptionalDate
    enrollyn: Flag
    country: Country


class ConsentRow(Row):
    """`rawplus_consent`: a subject's consent."""

    subjid: Code
    consdt: OptionalDate
    consyn: OptionalFlag


class RandomisationRow(Row):
    """`rawplus_ixrsrand`: a subject's randomisation."""

    subjid: Code
    rand_dt: OptionalDay


class CompletionRow(Row):
    """`rawplus_studcomp`: whether the subject completed the study."""

    subjid: Code
    compyn: OptionalFlag


class DemographyRow(Row):
    """`rawplus_dm`: of which only the last day of participation is read."""

    subjid: Code
    lastparticipantdate: OptionalDate


class VisitRow(Row):
    """`rawplus_visdt`: a subject's visit."""

    recordid: Code
    subjid: Code
    foldername: Name
    visit_dt: OptionalDate


class AdverseEventRow(Row):
    """`rawplus_ae`: an adverse event; `aetoxgr` is its severity."""

    recordid: Code
    subjid: Code
    aeser: Flag
    aetoxgr: Annotated[
        Severity | None,
        BeforeValidator(word_of(SEVERITIES, "severity")),
        BeforeValidator(none_if_blank),
        BeforeValidator(_within_bounds),
    ]
    aest_dt: OptionalDate


class DeviationRow(Row):
    """`ctms_protdev`: a protocol deviation; it has no key of its own."""

    subjectenrollmentnumber: OptionalCode
    deviationdate: OptionalDate
    companycategory: Annotated[
        DeviationCategory,
        BeforeValidator(word_of(CATEGORIES, "deviation category")),
        BeforeValidator(_category),
    ]
    deemedimportant: Flag
