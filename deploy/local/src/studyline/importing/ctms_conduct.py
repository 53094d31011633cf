"""What happened to subjects, from a CTMS and EDC extract: visits, deviations, adverse events. Pure.

A visit, a deviation or an adverse event without a date is kept without one: empty means not reported.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from client import AdverseEventRecord, ProtocolDeviationRecord, SubjectVisitRecord

from studyline.importing import ctms_rows as rows
from studyline.importing.ctms import Extract, without_site
from studyline.importing.sourced import Sourced
from studyline.importing.summary import Problem
from studyline.importing.tables import Placed

SiteIds = Mapping[str, str]


def visit_records(
    extract: Extract, study_id: str, site_ids: SiteIds
) -> Iterator[Sourced[SubjectVisitRecord] | Problem]:
    """Give the subjects' visits; `site_ids` has the id of each site number."""
    sites, keys = extract.site_of_subject(), _Keys()
    for placed in extract.visits:
        row, key = placed.row, keys.distinct(placed.row.recordid)
        site_id = _site_id(placed, row.subjid, sites, site_ids)
        if isinstance(site_id, Problem):
            yield site_id
            continue
        record = SubjectVisitRecord(
            key=key,
            study_id=study_id,
            site_id=site_id,
            subject_key=row.subjid,
            visit_name=row.foldername,
            outcome="completed",
            on=row.visit_dt,
        )
        yield Sourced(record, placed.file, placed.line)


def adverse_event_records(
    extract: Extract, study_id: str, site_ids: SiteIds
) -> Iterator[Sourced[AdverseEventRecord] | Problem]:
    """Give the adverse events; `site_ids` has the id of each site number."""
    sites, keys = extract.site_of_subject(), _Keys()
    for placed in extract.adverse_events:
        row, key = placed.row, keys.distinct(placed.row.recordid)
        site_id = _site_id(placed, row.subjid, sites, site_ids)
        if isinstance(site_id, Problem):
            yield site_id
            continue
        record = AdverseEventRecord(
            key=key,
            study_id=study_id,
            site_id=site_id,
            subject_key=row.subjid,
            serious=row.aeser == "yes",
            severity=row.aetoxgr,
            on=row.aest_dt,
        )
        yield Sourced(record, placed.file, placed.line)


def deviation_records(extract: Extract, study_id: str, site_ids: SiteIds) -> Iterator[Sourced[ProtocolDeviationRecord]]:
    """Give the protocol deviations; one of a subject that enrolment does not know has no site."""
    sites, keys = extract.site_of_subject(), _Keys()
    for placed in extract.deviations:
        row = placed.row
        subject = row.subjectenrollmentnumber
        record = ProtocolDeviationRecord(
            key=keys.distinct(_digest(row)),
            study_id=study_id,
            site_id=site_ids.get(sites.get(subject or "", "")),
            subject_key=subject,
            category=row.companycategory,
            important=row.deemedimportant == "yes",
            on=row.deviationdate,
        )
        yield Sourced(record, placed.file, placed.line)


class _Keys:
    """Keeps equal rows apart: the second with a key gets `-2`, wherever in the table it stands."""

    def __init__(self) -> None:
        self._seen = Counter[str]()

    def distinct(self, key: str) -> str:
        """Give the key, with its number where it was seen before."""
        self._seen[key] += 1
        return key if self._seen[key] == 1 else f"{key}-{self._seen[key]}"


def _digest(row: rows.DeviationRow) -> str:
    """Give a key of what the row says, so that it stays when rows change places."""
    parts = (
        row.subjectenrollmentnumber or "",
        row.deviationdate or "",
        row.companycategory,
        row.deemedimportant,
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]


def _site_id(
    placed: Placed[Any],
    subject: str,
    sites: Mapping[str, str],
    site_ids: SiteIds,
) -> str | Problem:
    number = sites.get(subject)
    if number is None:
        reason = f"subject {subject} is not in rawplus_enroll: expected the subjid of an enrolled subject"
        record = placed.row.recordid
        return Problem(file=placed.file, line=placed.line, record=record, field="subjid", reason=reason)
    return site_ids.get(number) or without_site(placed, placed.row.recordid, number)
