"""A CTMS and EDC extract of one study: its tables, the study, the sites and the subjects.

What the tables say and what they leave open: a subject is screened on the day of its enrolment form
(`enroll_dt`, given for screen failures too, the day of whose failure the extract lacks). Whether it completed
the *study* is said by `studcomp` alone: completing the study drug is not completing the study. The day of
completion or withdrawal is the last day of participation. Each row stands for itself: a faulty one is
reported and the others go on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from client import Milestone, SiteRecord, SponsorName, Step, StudyRecord, SubjectRecord
from contracts import sponsor_id
from contracts.sites import StudyMilestoneKind, StudyStatus

from studyline.importing import ctms_rows as rows
from studyline.importing.sourced import Sourced
from studyline.importing.summary import Problem
from studyline.importing.tables import ExtractError, Placed, Row, read_table

SOURCE = "ctms"
DEFAULT_SPONSOR = "AA-AA Biopharma (synthetic)"
R = TypeVar("R", bound=Row)


@dataclass
class Extract:
    """The rows of an extract. `rejected` has the kind and the problems of each row that is left out."""

    directory: Path
    rejected: list[tuple[str, tuple[Problem, ...]]] = field(default_factory=list[tuple[str, tuple[Problem, ...]]])

    def __post_init__(self) -> None:
        """Read every table."""
        self.studies = self._rows("ctms_study", rows.StudyRow, "studies")
        self.sites = self._rows("ctms_site", rows.SiteRow, "sites")
        self.enrolments = self._rows("rawplus_enroll", rows.EnrolmentRow, "subjects")
        self.consents = self._rows("rawplus_consent", rows.ConsentRow, "subject steps")
        self.randomisations = self._rows("rawplus_ixrsrand", rows.RandomisationRow, "subject steps")
        self.completions = self._rows("rawplus_studcomp", rows.CompletionRow, "subject steps")
        self.demography = self._rows("rawplus_dm", rows.DemographyRow, "subject steps")
        self.visits = self._rows("rawplus_visdt", rows.VisitRow, "subject visits")
        self.deviations = self._rows("ctms_protdev", rows.DeviationRow, "protocol deviations")
        self.adverse_events = self._rows("rawplus_ae", rows.AdverseEventRow, "adverse events")

    def _rows(self, name: str, shape: type[R], kind: str) -> list[Placed[R]]:
        taken: list[Placed[R]] = []
        for row in read_table(self.directory, name, shape):
            if isinstance(row, Placed):
                taken.append(row)
            else:
                self.rejected.append((kind, row))
        return taken

    def record_count(self) -> int:
        """Give about how many records there are to send: sites that only enrolment names are not counted."""
        conduct = len(self.visits) + len(self.deviations) + len(self.adverse_events)
        return len(self.studies) + len(self.sites) + len(self.enrolments) + conduct

    def site_of_subject(self) -> Mapping[str, str]:
        """Give the site number of each subject that has a subject number."""
        return {each.row.subjid: each.row.siteid for each in self.enrolments if each.row.subjid is not None}


def study_record(extract: Extract, sponsor: str) -> Sourced[StudyRecord] | None:
    """Give the one study, under its sponsor; None where its row is faulty. ExtractError for several."""
    if len(extract.studies) > 1:
        message = f"The extract holds {len(extract.studies)} studies: expected one, since not all rows name theirs"
        raise ExtractError(message)
    for placed in extract.studies:
        return Sourced(_study(extract, placed.row, sponsor), placed.file, placed.line)
    return None


def _study(extract: Extract, row: rows.StudyRow, sponsor: str) -> StudyRecord:
    places = (*extract.sites, *extract.enrolments)
    return StudyRecord(
        # A protocol number is no key across sponsors.
        key=f"{sponsor_id(sponsor)}/{row.protocol_number}",
        sponsor=SponsorName(name=sponsor),
        protocol_number=row.protocol_number,
        title=row.protocol_title,
        phase=row.phase,
        status=_study_status(row),
        countries=tuple(sorted({place.row.country for place in places})),
        planned_enrolment=row.num_plan_subj,
        milestones=tuple(_milestones(row)),
    )


def _study_status(row: rows.StudyRow) -> StudyStatus:
    """Tell an active study that still recruits from one whose last subject has come in."""
    match row.status:
        case "planned":
            return "not_yet_recruiting"
        case "active":
            return "recruiting" if row.act_lpfv is None else "active_not_recruiting"
        case "on_hold":
            return "suspended"
        case "completed" | "terminated" | "withdrawn":
            return row.status


def _milestones(row: rows.StudyRow) -> Iterator[Milestone]:
    dated: tuple[tuple[StudyMilestoneKind, str | None, str | None], ...] = (
        ("first_subject_in", row.est_fpfv, row.act_fpfv),
        ("last_subject_in", row.est_lpfv, row.act_lpfv),
        ("last_subject_last_visit", row.est_lplv, row.act_lplv),
    )
    for kind, planned, actual in dated:
        if planned is not None or actual is not None:
            yield Milestone(kind=kind, planned=planned, actual=actual)


def site_records(extract: Extract, study_id: str) -> Iterator[Sourced[SiteRecord] | Problem]:
    """Give the sites that the CTMS lists, then those that only enrolment names, whose status is not known."""
    listed: set[str] = set()
    for placed in extract.sites:
        if placed.row.site_num in listed:
            yield _repeated(placed, placed.row.site_num, "site_num")
            continue
        listed.add(placed.row.site_num)
        yield Sourced(_listed_site(placed.row, study_id), placed.file, placed.line)
    for each in extract.enrolments:
        if each.row.siteid not in listed:
            listed.add(each.row.siteid)
            yield Sourced(_unlisted_site(each.row, study_id), each.file, each.line)


def _listed_site(row: rows.SiteRow, study_id: str) -> SiteRecord:
    return SiteRecord(
        key=row.site_num,
        study_id=study_id,
        number=row.site_num,
        name=row.account,
        city=row.city,
        country=row.country,
        status=row.site_status,
        activated_on=row.site_active_dt,
    )


def _unlisted_site(row: rows.EnrolmentRow, study_id: str) -> SiteRecord:
    return SiteRecord(key=row.siteid, study_id=study_id, number=row.siteid, country=row.country, status="unknown")


def subject_records(
    extract: Extract, study_id: str, site_ids: Mapping[str, str]
) -> Iterator[Sourced[SubjectRecord] | Problem]:
    """Give the subjects with their steps; `site_ids` has the id of each site number."""
    steps_of, known = _Steps(extract), set[str]()
    for placed in extract.enrolments:
        row = placed.row
        key, site_id = row.subjid or row.subjectid, site_ids.get(row.siteid)
        if key in known:
            yield _repeated(placed, key, "subjid" if row.subjid else "subjectid")
        elif site_id is None:
            yield without_site(placed, key, row.siteid)
        else:
            steps = tuple(steps_of.subject(row))
            record = SubjectRecord(study_id=study_id, site_id=site_id, key=key, steps=steps)
            yield Sourced(record, placed.file, placed.line)
        known.add(key)


class _Steps:
    """The steps of subjects, from the tables that hold one row a subject."""

    def __init__(self, extract: Extract) -> None:
        self._consents = {each.row.subjid: each.row.consdt for each in extract.consents if each.row.consyn != "no"}
        self._randomised = {each.row.subjid: each.row.rand_dt for each in extract.randomisations}
        self._completions: dict[str, Literal["yes", "no"] | None] = {
            each.row.subjid: each.row.compyn for each in extract.completions
        }
        self._last_days = {each.row.subjid: each.row.lastparticipantdate for each in extract.demography}

    def subject(self, row: rows.EnrolmentRow) -> Iterator[Step]:
        """Give a subject's steps in their order; one without a date where the extract has none."""
        subject = row.subjid or ""
        if subject in self._consents:
            yield Step(step="consented", on=self._consents[subject])
        yield Step(step="screened", on=row.enroll_dt)
        if row.enrollyn == "no":
            yield Step(step="screen_failed")
            return
        yield Step(step="enrolled", on=row.enroll_dt)
        if subject in self._randomised:
            yield Step(step="randomised", on=self._randomised[subject])
        yield from self._end(subject)

    def _end(self, subject: str) -> Iterator[Step]:
        compyn = self._completions.get(subject)
        match compyn:
            case "yes":
                yield Step(step="completed", on=self._last_days.get(subject))
            case "no":
                yield Step(step="withdrawn", on=self._last_days.get(subject))
            case None:
                return


def without_site(placed: Placed[Any], record: str, number: str) -> Problem:
    """Give the problem of a row whose site was not taken."""
    reason = f"site {number} was not imported: mend the site's row and import again"
    return Problem(file=placed.file, line=placed.line, record=record, field="siteid", reason=reason)


def _repeated(placed: Placed[Any], key: str, column: str) -> Problem:
    reason = f"{key!r} is in the table twice: expected one row for each"
    return Problem(file=placed.file, line=placed.line, record=key, field=column, reason=reason)
