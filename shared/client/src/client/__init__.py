"""The Python client for portals, partners and importers."""

from client.addresses import Addresses
from client.adoption import (
    MAX_RECORDS,
    AdverseEventRecord,
    Milestone,
    ProtocolDeviationRecord,
    Record,
    RecordProblem,
    RecordResult,
    SiteRecord,
    SponsorName,
    Step,
    StudyRecord,
    SubjectRecord,
    SubjectVisitRecord,
)
from client.answers import Counts, MilestoneDates, Page, Site, Study, TimelineEntry
from client.platform import Studyline
from client.problems import ApiProblem, ClientError, ProblemDocument, UnexpectedAnswer, Unreachable
from client.services import Service
from client.transport import fresh_key, on_retry

__all__ = [
    "MAX_RECORDS",
    "Addresses",
    "AdverseEventRecord",
    "ApiProblem",
    "ClientError",
    "Counts",
    "Milestone",
    "MilestoneDates",
    "Page",
    "ProblemDocument",
    "ProtocolDeviationRecord",
    "Record",
    "RecordProblem",
    "RecordResult",
    "Service",
    "Site",
    "SiteRecord",
    "SponsorName",
    "Step",
    "Study",
    "StudyRecord",
    "Studyline",
    "SubjectRecord",
    "SubjectVisitRecord",
    "TimelineEntry",
    "UnexpectedAnswer",
    "Unreachable",
    "fresh_key",
    "on_retry",
]
