"""What `sites` keeps: its aggregates, where they lie, and their indexes."""

from typing import Any, Protocol

from chassis import clock
from chassis.commands import Aggregate
from chassis.journal import Owner
from chassis.mongo import Database
from chassis.scope import Scope
from kernel import State

from sites.domain import (
    agreement,
    delegation,
    evidence,
    ip_shipment,
    milestone_track,
    organisation,
    person,
    site_checklist,
    site_contract,
    site_team,
    study,
    study_checklist,
    study_plan,
    study_site,
    subject,
    training,
)
from sites.publishing.agreements import publish_agreement
from sites.publishing.checklists import publish_site_checklist, publish_study_checklist
from sites.publishing.delegations import publish_delegation, publish_training
from sites.publishing.evidence import publish_evidence
from sites.publishing.master_records import publish_organisation, publish_person
from sites.publishing.planning import publish_plan, publish_track
from sites.publishing.shipments import publish_shipment
from sites.publishing.site_contracts import publish_contract
from sites.publishing.site_teams import publish_team
from sites.publishing.studies import publish_study
from sites.publishing.study_sites import publish_site
from sites.publishing.subjects import publish_subject

MASTER = Owner("cro", "master-records")
"""Master records belong to nobody's study but to the CRO. No sponsor has this id: theirs end in a hash."""
MASTER_SCOPE = Scope.of([MASTER.sponsor], [MASTER.study])
"""For reading of master records what a caller's own links name, and no more than they may show."""


class OfAStudy(Protocol):
    """What takes part in a study, and says of which and whose."""

    @property
    def sponsor_id(self) -> str:
        """The study's sponsor."""
        ...

    @property
    def study_id(self) -> str:
        """The study."""
        ...


def view_study(state: study.Study, version: int) -> dict[str, Any]:
    """A study as this service's clients see it."""
    told = state.model_dump(mode="json", exclude={"particulars"})
    return {**told, **state.particulars.model_dump(mode="json"), "version": version}


def view(state: State, version: int) -> dict[str, Any]:
    """What has no view of its own, as this service's clients see it."""
    return {**state.model_dump(mode="json"), "version": version}


def view_site(state: study_site.StudySite, version: int) -> dict[str, Any]:
    """A study site as this service's clients see it; what it was opened on is told by its activation."""
    return {**state.model_dump(mode="json", exclude={"snapshot"}), "version": version}


def view_plan(state: study_plan.StudyPlan, version: int) -> dict[str, Any]:
    """A plan as this service's clients see it; its milestones and its enrolment are lists of their own."""
    told = state.model_dump(mode="json", exclude={"content", "milestones", "version"})
    content = state.content.model_dump(mode="json", include={"countries", "dependencies"})
    counts = {"milestones": len(state.milestones), "enrolment_rows": len(state.content.enrolment)}
    return {**told, **content, **counts, "plan_version": state.version, "version": version}


def view_track(state: milestone_track.MilestoneTrack, version: int) -> dict[str, Any]:
    """What a place has reached, as this service's clients see it."""
    told = state.model_dump(mode="json")
    return {**told["place"], "reached": told["reached"], "version": version}


def view_subject(state: subject.Subject, version: int) -> dict[str, Any]:
    """A subject as this service's clients see it."""
    return {**state.model_dump(mode="json"), "status": state.status, "version": version}


def view_organisation(state: organisation.Organisation, version: int) -> dict[str, Any]:
    """A facility as this service's clients see it."""
    told = state.model_dump(mode="json", exclude={"profile", "match_keys"})
    return {**told, **state.profile.model_dump(mode="json"), "version": version}


def view_person(state: person.Person, version: int) -> dict[str, Any]:
    """A person as this service's clients see it, and how each credential stands now."""
    told = state.model_dump(mode="json", include={"person_id", "merged_into", "absorbed"})
    credentials = [
        {**one.model_dump(mode="json"), "standing": person.standing(one, clock.now())} for one in state.credentials
    ]
    return {**told, **state.details.model_dump(mode="json"), "credentials": credentials, "version": version}


def view_team(state: site_team.SiteTeam, version: int) -> dict[str, Any]:
    """A site's team as this service's clients see it: ids, roles and dates."""
    return {**state.model_dump(mode="json", exclude={"expiries"}), "version": version}


def owner_of_study(state: study.Study) -> Owner:
    """A study belongs to its sponsor."""
    return Owner(state.sponsor.id, state.study_id)


def owner_of_master(_: organisation.Organisation | person.Person) -> Owner:
    """Master records belong to the CRO."""
    return MASTER


def owner(state: OfAStudy) -> Owner:
    """What takes part in a study belongs to the study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


STUDIES = Aggregate(
    "study", "studies", study.Study, study.decide, study.evolve, publish_study, owner_of_study, view_study
)
AGREEMENTS = Aggregate(
    "sponsor-agreement",
    "sponsor_agreements",
    agreement.Agreement,
    agreement.decide,
    agreement.evolve,
    publish_agreement,
    owner,
    view,
)
STUDY_PLANS = Aggregate(
    "study-plan",
    "study_plans",
    study_plan.StudyPlan,
    study_plan.decide,
    study_plan.evolve,
    publish_plan,
    owner,
    view_plan,
)
MILESTONE_TRACKS = Aggregate(
    "milestone-track",
    "milestone_tracks",
    milestone_track.MilestoneTrack,
    milestone_track.decide,
    milestone_track.evolve,
    publish_track,
    owner,
    view_track,
)
STUDY_SITES = Aggregate(
    "study-site",
    "study_sites",
    study_site.StudySite,
    study_site.decide,
    study_site.evolve,
    publish_site,
    owner,
    view_site,
)
SUBJECTS = Aggregate(
    "subject", "subjects", subject.Subject, subject.decide, subject.evolve, publish_subject, owner, view_subject
)
EVIDENCE = Aggregate(
    "evidence", "evidence", evidence.Evidence, evidence.decide, evidence.evolve, publish_evidence, owner, view
)
ORGANISATIONS = Aggregate(
    "organisation",
    "organisations",
    organisation.Organisation,
    organisation.decide,
    organisation.evolve,
    publish_organisation,
    owner_of_master,
    view_organisation,
)
PEOPLE = Aggregate(
    "person", "people", person.Person, person.decide, person.evolve, publish_person, owner_of_master, view_person
)
SITE_TEAMS = Aggregate(
    "site-team", "site_teams", site_team.SiteTeam, site_team.decide, site_team.evolve, publish_team, owner, view_team
)

STUDY_CHECKLISTS = Aggregate(
    "study-checklist",
    "study_checklists",
    study_checklist.StudyChecklist,
    study_checklist.decide,
    study_checklist.evolve,
    publish_study_checklist,
    owner,
    view,
)
SITE_CHECKLISTS = Aggregate(
    "site-checklist",
    "site_checklists",
    site_checklist.SiteChecklist,
    site_checklist.decide,
    site_checklist.evolve,
    publish_site_checklist,
    owner,
    view,
)
SITE_CONTRACTS = Aggregate(
    "site-contract",
    "site_contracts",
    site_contract.SiteContract,
    site_contract.decide,
    site_contract.evolve,
    publish_contract,
    owner,
    view,
)
IP_SHIPMENTS = Aggregate(
    "ip-shipment",
    "ip_shipments",
    ip_shipment.IpShipment,
    ip_shipment.decide,
    ip_shipment.evolve,
    publish_shipment,
    owner,
    view,
)
DELEGATIONS = Aggregate(
    "delegation",
    "delegations",
    delegation.Delegation,
    delegation.decide,
    delegation.evolve,
    publish_delegation,
    owner,
    view,
)
TRAININGS = Aggregate(
    "training", "trainings", training.Training, training.decide, training.evolve, publish_training, owner, view
)


async def prepare(database: Database) -> None:
    """Make the indexes that the queries need."""
    await database.collection(STUDIES.collection).ensure_index([("state.particulars.registry_ids", 1)])
    await database.collection(STUDIES.collection).ensure_index([("sponsor", 1), ("_id", 1)])
    for aggregate in (AGREEMENTS, MILESTONE_TRACKS, STUDY_SITES, SUBJECTS):
        await database.collection(aggregate.collection).ensure_index([("study", 1), ("_id", 1)])
    await database.collection("milestones_reached").ensure_index([("study", 1)])
    subjects = database.collection(SUBJECTS.collection)
    await subjects.ensure_index([("state.site_id", 1), ("_id", 1)])
    await subjects.ensure_index([("study", 1), ("state.subject_key", 1)], unique=True)
    await database.collection(EVIDENCE.collection).ensure_index([("study", 1), ("state.country", 1)])
    for aggregate in (ORGANISATIONS, PEOPLE):
        await database.collection(aggregate.collection).ensure_index([("state.match_keys", 1)])
    await database.collection(PEOPLE.collection).ensure_index([("state.next_lapse_at", 1)])
    teams = database.collection(SITE_TEAMS.collection)
    await teams.ensure_index([("state.members.person_id", 1)])
    await teams.ensure_index([("state.facility_id", 1)])
    for aggregate in (SITE_CONTRACTS, IP_SHIPMENTS, DELEGATIONS, TRAININGS, SITE_CHECKLISTS):
        await database.collection(aggregate.collection).ensure_index([("state.site_id", 1), ("_id", 1)])
    await database.collection(SITE_CHECKLISTS.collection).ensure_index([("study", 1), ("state.country", 1)])
    for aggregate in (SITE_CHECKLISTS, TRAININGS):
        await database.collection(aggregate.collection).ensure_index([("state.due_at", 1)])
