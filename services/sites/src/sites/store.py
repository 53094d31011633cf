"""What `sites` keeps: its aggregates, where they lie, and their indexes."""

from typing import Any

from chassis.commands import Aggregate
from chassis.journal import Owner
from chassis.mongo import Database

from sites.domain import evidence, study, study_site, subject
from sites.publishing.evidence import publish_evidence
from sites.publishing.studies import publish_study
from sites.publishing.study_sites import publish_site
from sites.publishing.subjects import publish_subject


def view_study(state: study.Study, version: int) -> dict[str, Any]:
    """A study as this service's clients see it."""
    told = state.model_dump(mode="json", exclude={"particulars"})
    return {**told, **state.particulars.model_dump(mode="json"), "version": version}


def view(state: study_site.StudySite | evidence.Evidence, version: int) -> dict[str, Any]:
    """A study site, or a piece of evidence, as this service's clients see it."""
    return {**state.model_dump(mode="json"), "version": version}


def view_subject(state: subject.Subject, version: int) -> dict[str, Any]:
    """A subject as this service's clients see it."""
    return {**state.model_dump(mode="json"), "status": state.status, "version": version}


def owner_of_study(state: study.Study) -> Owner:
    """A study belongs to its sponsor."""
    return Owner(state.sponsor.id, state.study_id)


def owner(state: study_site.StudySite | subject.Subject | evidence.Evidence) -> Owner:
    """What takes part in a study belongs to the study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


STUDIES = Aggregate(
    "study",
    "studies",
    study.Study,
    study.decide,
    study.evolve,
    publish_study,
    owner_of_study,
    view_study,
)
STUDY_SITES = Aggregate(
    "study-site",
    "study_sites",
    study_site.StudySite,
    study_site.decide,
    study_site.evolve,
    publish_site,
    owner,
    view,
)
SUBJECTS = Aggregate(
    "subject",
    "subjects",
    subject.Subject,
    subject.decide,
    subject.evolve,
    publish_subject,
    owner,
    view_subject,
)
EVIDENCE = Aggregate(
    "evidence",
    "evidence",
    evidence.Evidence,
    evidence.decide,
    evidence.evolve,
    publish_evidence,
    owner,
    view,
)


async def prepare(database: Database) -> None:
    """Make the indexes that the queries need."""
    await database.collection(STUDIES.collection).ensure_index([("state.particulars.registry_ids", 1)])
    await database.collection(STUDIES.collection).ensure_index([("sponsor", 1), ("_id", 1)])
    for aggregate in (STUDY_SITES, SUBJECTS):
        await database.collection(aggregate.collection).ensure_index([("study", 1), ("_id", 1)])
    subjects = database.collection(SUBJECTS.collection)
    await subjects.ensure_index([("state.site_id", 1), ("_id", 1)])
    await subjects.ensure_index([("study", 1), ("state.subject_key", 1)], unique=True)
    await database.collection(EVIDENCE.collection).ensure_index([("study", 1), ("state.country", 1)])
