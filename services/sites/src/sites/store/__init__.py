"""What `sites` keeps: its aggregates, where they lie, and their indexes."""

from chassis.commands import Aggregate
from chassis.mongo import Database

from sites.domain import (
    agreement,
    amendment_requirements,
    delegation,
    enrolment_limits,
    evidence,
    feasibility,
    ip_shipment,
    milestone_track,
    organisation,
    person,
    pre_study_visit,
    questionnaire,
    site_amendment,
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
from sites.publishing.amendments import publish_amendment, publish_requirements
from sites.publishing.checklists import publish_site_checklist, publish_study_checklist
from sites.publishing.delegations import publish_delegation, publish_training
from sites.publishing.evidence import publish_evidence
from sites.publishing.feasibility import publish_feasibility, publish_pre_study_visit, publish_questionnaire
from sites.publishing.master_records import publish_organisation, publish_person
from sites.publishing.planning import publish_plan, publish_track
from sites.publishing.shipments import publish_shipment
from sites.publishing.site_contracts import publish_contract
from sites.publishing.site_teams import publish_team
from sites.publishing.studies import publish_study
from sites.publishing.study_sites import publish_site
from sites.publishing.subjects import publish_limits, publish_subject
from sites.store.views import (
    owner,
    owner_of_master,
    owner_of_questionnaire,
    owner_of_study,
    view,
    view_amendment,
    view_feasibility,
    view_organisation,
    view_person,
    view_plan,
    view_site,
    view_study,
    view_subject,
    view_team,
    view_track,
)

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
ENROLMENT_LIMITS = Aggregate(
    "enrolment-limits",
    "enrolment_limits",
    enrolment_limits.EnrolmentLimits,
    enrolment_limits.decide,
    enrolment_limits.evolve,
    publish_limits,
    owner,
    view,
)
CONSENT_FORM_CHANGES = "consent_form_changes"
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
QUESTIONNAIRES = Aggregate(
    "questionnaire",
    "questionnaires",
    questionnaire.Questionnaire,
    questionnaire.decide,
    questionnaire.evolve,
    publish_questionnaire,
    owner_of_questionnaire,
    view,
)
FEASIBILITY = Aggregate(
    "feasibility",
    "feasibility",
    feasibility.Assessment,
    feasibility.decide,
    feasibility.evolve,
    publish_feasibility,
    owner,
    view_feasibility,
)
PRE_STUDY_VISITS = Aggregate(
    "pre-study-visit",
    "pre_study_visits",
    pre_study_visit.PreStudyVisit,
    pre_study_visit.decide,
    pre_study_visit.evolve,
    publish_pre_study_visit,
    owner,
    view,
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
AMENDMENT_REQUIREMENTS = Aggregate(
    "amendment-requirements",
    "amendment_requirements",
    amendment_requirements.AmendmentRequirements,
    amendment_requirements.decide,
    amendment_requirements.evolve,
    publish_requirements,
    owner,
    view,
)
SITE_AMENDMENTS = Aggregate(
    "site-amendment",
    "site_amendments",
    site_amendment.SiteAmendment,
    site_amendment.decide,
    site_amendment.evolve,
    publish_amendment,
    owner,
    view_amendment,
)
PROTOCOL_CHANGES, COVERING_SUBMISSIONS, CONSENTS_GIVEN = "protocol_changes", "covering_submissions", "consents_given"
"""What other services, and this one's own events, told about amendments."""


async def prepare(database: Database) -> None:
    """Make the indexes that the queries need."""
    await database.collection(STUDIES.collection).ensure_index([("state.particulars.registry_ids", 1)])
    await database.collection(STUDIES.collection).ensure_index([("sponsor", 1), ("_id", 1)])
    for aggregate in (AGREEMENTS, MILESTONE_TRACKS, STUDY_SITES, SUBJECTS):
        await database.collection(aggregate.collection).ensure_index([("study", 1), ("_id", 1)])
    for name in ("milestones_reached", CONSENT_FORM_CHANGES, PROTOCOL_CHANGES, COVERING_SUBMISSIONS):
        await database.collection(name).ensure_index([("study", 1)])
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
    await database.collection(CONSENTS_GIVEN).ensure_index([("subject_id", 1)])
    await subjects.ensure_index([("state.sites_before", 1)])
    await database.collection(SITE_AMENDMENTS.collection).ensure_index([("study", 1), ("_id", 1)])
    for aggregate in (SITE_CONTRACTS, IP_SHIPMENTS, DELEGATIONS, TRAININGS, SITE_CHECKLISTS, SITE_AMENDMENTS):
        await database.collection(aggregate.collection).ensure_index([("state.site_id", 1), ("_id", 1)])
    await database.collection(SITE_CHECKLISTS.collection).ensure_index([("study", 1), ("state.country", 1)])
    for aggregate in (SITE_CHECKLISTS, TRAININGS, SITE_AMENDMENTS):
        await database.collection(aggregate.collection).ensure_index([("state.due_at", 1)])
    await database.collection(QUESTIONNAIRES.collection).ensure_index([("study", 1), ("_id", 1)])
    await database.collection(PRE_STUDY_VISITS.collection).ensure_index([("study", 1), ("_id", 1)])
    assessments = database.collection(FEASIBILITY.collection)
    await assessments.ensure_index([("study", 1), ("_id", 1)])
    await assessments.ensure_index([("state.site_id", 1), ("recorded_at", -1)])
    await assessments.ensure_index([("state.link.secret_hash", 1)], unique=True)
