"""Every private event is told to the world in the words of the contract, and evidence is not told at all."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any

from contracts import Sponsor
from contracts import sites as public
from kernel import Event, State
from sites import store
from sites.domain import (
    enrolment_limits,
    evidence,
    feasibility,
    organisation,
    person,
    pre_study_visit,
    questionnaire,
    site_team,
    study,
    subject_messages,
)
from sites.domain import study_site_messages as study_site
from sites.domain.activation import Judged
from sites.domain.feasibility_answers import Answer, Respondent
from sites.domain.feasibility_links import Link
from sites.domain.feasibility_questions import Definition
from sites.domain.feasibility_scoring import Score
from sites.publishing.study_sites import SAME_NAME_EVENTS

AT = {"occurred_at": "2022-02-01"}
SPONSOR = study.Sponsor(id="acme-1", name="Acme")
PARTICULARS = study.Particulars(
    protocol_number="ONC-301",
    registry_ids=("NCT00000001",),
    title="A study",
    phase="phase_3",
    countries=("DE",),
    planned_enrolment=120,
)
REGISTERED = study.StudyRegistered(**AT, study_id="s1", sponsor=SPONSOR, particulars=PARTICULARS, status="recruiting")
PLACE = {"site_id": "site-7", "study_id": "s1", "sponsor_id": "acme-1", "country": "DE"}
IDENTIFIED = study_site.SiteIdentified.model_validate({**AT, **PLACE, "name": "C", "city": "Berlin", "number": "7"})
SUBJECT = {**AT, **PLACE, "subject_id": "u1", "subject_key": "007-001"}


def published(aggregate: Any, *events: Event) -> Any:
    """What the last of the events is published as."""
    state: State | None = reduce(aggregate.evolve, events, None)
    return aggregate.publish(state, events[-1])


def test_a_registered_study_is_told_with_its_sponsor_and_particulars() -> None:
    told = published(store.STUDIES, REGISTERED)
    assert told == public.StudyRegistered(
        study_id="s1",
        sponsor=Sponsor(id="acme-1", name="Acme"),
        status="recruiting",
        **PARTICULARS.model_dump(),
    )


def test_what_changes_in_a_study_is_told() -> None:
    changes: list[study.StudyEvent] = [
        study.StudyDetailsCorrected(**AT, particulars=PARTICULARS),
        study.StudyStatusChanged(**AT, status="completed"),
        study.StudyMilestonePlanned(**AT, milestone="study_start", planned="2022"),
        study.StudyMilestoneReached(**AT, milestone="study_start", actual="2022-03"),
    ]
    assert [published(store.STUDIES, REGISTERED, change) for change in changes] == [
        public.StudyDetailsCorrected(study_id="s1", **PARTICULARS.model_dump()),
        public.StudyStatusChanged(study_id="s1", status="completed"),
        public.StudyMilestonePlanned(study_id="s1", milestone="study_start", planned="2022"),
        public.StudyMilestoneReached(study_id="s1", milestone="study_start", actual="2022-03"),
    ]


def test_an_identified_site_is_told_with_its_place() -> None:
    told = published(store.STUDY_SITES, IDENTIFIED)
    assert told == public.SiteIdentified(
        study_id="s1", site_id="site-7", country="DE", name="C", city="Berlin", number="7"
    )


def test_an_activation_is_told_with_the_events_it_rests_on() -> None:
    told = published(store.STUDY_SITES, IDENTIFIED, study_site.SiteActivated(occurred_at=None, rested_on=("e1", "e2")))
    assert told == public.SiteActivated(study_id="s1", site_id="site-7", country="DE", rested_on=("e1", "e2"))


def test_a_reported_status_is_told() -> None:
    told = published(store.STUDY_SITES, IDENTIFIED, study_site.SiteStatusReported(**AT, status="closed"))
    assert told == public.SiteStatusReported(study_id="s1", site_id="site-7", country="DE", status="closed")


def test_every_other_step_of_a_site_is_told_under_its_name_with_the_word_for_why() -> None:
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE"}
    why: dict[type[Event], dict[str, Any]] = {
        study_site.SiteNotSelected: {"because": "timelines"},
        study_site.SiteEnrolmentPaused: {"because": "safety"},
        study_site.SiteSuspended: {"ordered_by": "sponsor"},
    }
    for event in set(SAME_NAME_EVENTS) - {study_site.SiteIdentified, study_site.SiteStatusReported}:
        told = published(store.STUDY_SITES, IDENTIFIED, event.model_validate({**AT, **why.get(event, {})}))
        assert told == getattr(public, event.__name__)(**about, **why.get(event, {}))


def test_an_activation_is_told_with_every_item_and_without_a_word_of_text() -> None:
    item = Judged(code="insurance", item=3, status="waived", detail="It is waived: Erika Mustermann said so.")
    activated = study_site.SiteActivated(**AT, rested_on=(), checklist_version="study/1", items=(item,))
    told = published(store.STUDY_SITES, IDENTIFIED, activated)
    assert told.items == (public.ActivationItem(item="insurance", number=3, status="waived", evidence=()),)
    assert "Mustermann" not in told.model_dump_json()


def test_a_prerequisite_that_is_lost_or_there_again_is_told_by_its_item() -> None:
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE", "item": "insurance", "number": 3}
    item = {"code": "insurance", "item": 3}
    lost = study_site.SitePrerequisiteLost.model_validate(
        {**AT, **item, "status": "expired", "detail": "", "lost_by": "e1"}
    )
    there = study_site.SitePrerequisiteRegained.model_validate({**AT, **item})
    told = public.SiteActivationPrerequisiteLost.model_validate({**about, "status": "expired", "lost_by": "e1"})
    assert published(store.STUDY_SITES, IDENTIFIED, lost) == told
    told_again = public.SiteActivationPrerequisiteRegained.model_validate(about)
    assert published(store.STUDY_SITES, IDENTIFIED, there) == told_again


def test_every_step_of_a_subject_is_told_with_its_key_and_form_or_coded_reason_and_nothing_else() -> None:
    more: dict[type[Event], dict[str, None]] = {
        subject_messages.SubjectConsented: {"form": None},
        subject_messages.SubjectScreenFailed: {"reason_code": None},
        subject_messages.SubjectWithdrawn: {"reason_code": None},
    }
    for event in subject_messages.EVENT_OF.values():
        told = published(store.SUBJECTS, event.model_validate(SUBJECT))
        assert type(told) is getattr(public, event.__name__)
        assert told.model_dump() == {
            "study_id": "s1",
            "site_id": "site-7",
            "country": "DE",
            "subject_id": "u1",
            "subject_key": "007-001",
            **more.get(event, {}),
        }


def test_consents_attempts_and_transfers_of_a_subject_are_told_with_forms_and_sites() -> None:
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE", "subject_id": "u1", "subject_key": "007-001"}
    form = {"document_id": "icf", "version": "2.0"}
    consented = subject_messages.SubjectConsented.model_validate({**SUBJECT, "form": form})
    assert published(store.SUBJECTS, consented).form.version == "2.0"
    left = {"from_site_id": "site-1", "from_country": "FR"}
    more: list[tuple[str, dict[str, Any]]] = [
        ("SubjectReconsented", {"form": form}),
        ("SubjectReconsentRequired", {"form": form}),
        ("SubjectRescreened", {"attempt": 2, "form": form}),
        ("SubjectTransferred", left),
    ]
    for name, facts in more:
        event = getattr(subject_messages, name).model_validate({**SUBJECT, **facts})
        told = getattr(public, name).model_validate({**about, **facts})
        assert published(store.SUBJECTS, consented, event) == told


def test_a_limit_of_enrolment_is_told_with_its_place() -> None:
    limit = {"country": "DE", "site_id": None, "subjects": 5}
    about = {"study_id": "s1", "sponsor_id": "acme-1"}
    limited = enrolment_limits.EnrolmentLimited.model_validate({**AT, **about, **limit})
    assert published(store.ENROLMENT_LIMITS, limited) == public.EnrolmentLimited.model_validate(
        {"study_id": "s1", **limit}
    )


def test_evidence_is_not_told() -> None:
    facts = {**AT, **PLACE, "source_id": "v1", "kind": "initiation_visit", "event_id": "e1", "expires_on": None}
    assert published(store.EVIDENCE, evidence.EvidenceRecorded.model_validate(facts)) is None


MEMBER = {"assignment_id": "a1", "person_id": "p1", "role": "study_nurse"}
ASSIGNED = site_team.StaffAssigned.model_validate({**AT, **PLACE, **MEMBER})


def test_what_happens_in_a_sites_team_is_told_with_ids_and_roles() -> None:
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE"}
    handed_over = {"assignment_id": "a2", "person_id": "p2", "previous_assignment_id": "a1", "previous_person_id": "p1"}
    expiry = site_team.Expiry(person_id="p1", kind="licence", course=None, expired_on="2026-05")
    facility = site_team.FacilityLinked.model_validate({**AT, **PLACE, "facility_id": "f1"})
    assert published(store.SITE_TEAMS, facility) == public.SiteFacilityLinked(**about, facility_id="f1")
    assert published(store.SITE_TEAMS, ASSIGNED) == public.SiteStaffAssigned.model_validate({**about, **MEMBER})
    told = [
        published(store.SITE_TEAMS, ASSIGNED, event)
        for event in (
            site_team.StaffEnded.model_validate({**AT, **MEMBER}),
            site_team.StaffVoided.model_validate({**AT, **MEMBER}),
            site_team.PrincipalInvestigatorChanged.model_validate({**AT, **handed_over}),
            site_team.CredentialExpired(**AT, expiry=expiry, role="study_nurse"),
        )
    ]
    expired = {"person_id": "p1", "role": "study_nurse", "credential": "licence", "expired_on": "2026-05"}
    assert told == [
        public.SiteStaffEnded.model_validate({**about, **MEMBER}),
        public.SiteStaffVoided.model_validate({**about, **MEMBER}),
        public.PrincipalInvestigatorChanged(**about, **handed_over),
        public.SiteCredentialExpired.model_validate({**about, **expired}),
    ]


def test_master_records_are_not_told() -> None:
    place = organisation.Profile(name="C", country="DE")
    who = person.Details(family_name="K", given_name="M", profession="nurse", country="DE")
    assert (
        published(store.ORGANISATIONS, organisation.OrganisationRegistered(**AT, organisation_id="f1", profile=place))
        is None
    )
    assert published(store.PEOPLE, person.PersonRegistered(**AT, person_id="p1", details=who)) is None


def test_of_feasibility_the_world_learns_no_answer() -> None:
    definition = Definition.model_validate(
        {"sections": [{"title": "S", "questions": [{"code": "a", "text": "A?", "kind": "text"}]}]}
    )
    link = Link(secret_hash="h", expires_at=datetime(2026, 4, 1, tzinfo=UTC), offers_all=False)
    ids = {"assessment_id": "f1", "questionnaire_id": "q1"}
    asked = {"questionnaire_number": 1, "title": "F", "definition": definition, "link": link}
    sent = feasibility.QuestionnaireSent.model_validate({**AT, **PLACE, **ids, **asked})
    answers = (Answer(question="a", value="SECRET"),)
    score = Score(percent=66.7, disqualified_by=("a",), questions=())
    who = Respondent(name="SECRET", role="SECRET")
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE", **ids}
    assert published(store.FEASIBILITY, sent) == public.FeasibilitySent.model_validate(about)
    told = [
        published(store.FEASIBILITY, sent, event)
        for event in (
            feasibility.AnswersReturned(**AT, answers=answers, respondent=who, entered_on_behalf=True),
            feasibility.AnswersScored(**AT, score=score),
            feasibility.AnswersReopened(**AT, link=link),
            feasibility.QuestionnaireWithdrawn(**AT),
            feasibility.AnswersSaved(**AT, answers=answers, emptied=()),
            feasibility.LinkRenewed(**AT, link=link),
            feasibility.LinkRevoked(**AT),
        )
    ]
    assert told == [
        public.FeasibilityReturned.model_validate(about),
        public.FeasibilityScored.model_validate({**about, "score_percent": 66.7, "disqualified": True}),
        public.FeasibilityReopened.model_validate(about),
        public.FeasibilityWithdrawn.model_validate(about),
        None,
        None,
        None,
    ]
    asks = {"questionnaire_id": "q1", "study_id": None, "sponsor_id": None, "title": "F", "definition": definition}
    created = questionnaire.QuestionnaireCreated.model_validate({**AT, **asks, "supersedes": None, "number": 1})
    assert published(store.QUESTIONNAIRES, created) is None
    visit = {**AT, "visit_id": "v1", "study_id": "s1", "sponsor_id": "acme-1", "site_id": "site-7", "event_id": "e1"}
    assert published(store.PRE_STUDY_VISITS, pre_study_visit.PreStudyVisitNoted.model_validate(visit)) is None
