"""How each of the service's aggregates is seen by its clients, and whose it is."""

from datetime import date
from typing import Any, Protocol

from chassis import clock
from chassis.journal import Owner
from chassis.scope import Scope
from kernel import State

from sites.domain import (
    feasibility,
    milestone_track,
    organisation,
    person,
    questionnaire,
    site_amendment,
    site_team,
    study,
    study_plan,
    study_site,
    subject,
)
from sites.domain.feasibility_links import LINK_ID_CHARACTERS

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


def view_amendment(state: site_amendment.SiteAmendment, version: int) -> dict[str, Any]:
    """An amendment at a site as this service's clients see it, and how long it has taken so far."""
    return {**amendment_on(state, clock.now().date()), "version": version}


def amendment_on(state: site_amendment.SiteAmendment, today: date) -> dict[str, Any]:
    """An amendment at a site as of a day: each step, what is still open, and its lags in days."""
    told = state.model_dump(mode="json", exclude={"due_at", "version"})
    still_open = [one.step for one in state.steps if one.status == "open"] if state.status == "open" else []
    lag = {
        "days_from_approval": state.days_since(state.approved_on, today),
        "days_from_effect": state.days_since(state.effective_in_country_on, today),
    }
    return {**told, "protocol_version": state.version, "blocked_by": still_open, **lag}


def view_feasibility(state: feasibility.Assessment, version: int) -> dict[str, Any]:
    """A site's feasibility as this service's clients see it: without drafts, and of a link no more than its name."""
    hidden = {"link", "answers", "definition"}
    link = {
        "link_id": state.link.secret_hash[:LINK_ID_CHARACTERS],
        "expires_at": state.link.expires_at.isoformat(),
        "revoked": state.link.revoked,
    }
    returned = state.status == "returned"
    answers = [one.model_dump(mode="json") for one in state.answers] if returned else None
    told = state.model_dump(mode="json", exclude=hidden)
    return {**told, "link": link, "answered": len(state.answers), "answers": answers, "version": version}


def owner_of_study(state: study.Study) -> Owner:
    """A study belongs to its sponsor."""
    return Owner(state.sponsor.id, state.study_id)


def owner_of_master(_: organisation.Organisation | person.Person) -> Owner:
    """Master records belong to the CRO."""
    return MASTER


def owner_of_questionnaire(state: questionnaire.Questionnaire) -> Owner:
    """A questionnaire for a study belongs to its sponsor, a general one to the CRO."""
    if state.sponsor_id is None or state.study_id is None:
        return MASTER
    return Owner(state.sponsor_id, state.study_id)


def owner(state: OfAStudy) -> Owner:
    """What takes part in a study belongs to the study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)
