"""Site team: the facility and the people of one study site, each with their role and dates.

It is all that a study knows of the CRO's master records, and it belongs to the study's sponsor. One principal
investigator leads at a time (ICH E6(R3) 2.3.1; CTR 536/2014 art. 49 and 73). A change of the principal investigator is
an act of its own, for it asks for new documents and perhaps for a new opinion of the ethics committee. Whoever left
stays on record (TMF Reference Model 05.02.04, 05.02.18).
"""

from typing import Any, Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before
from pydantic import BaseModel, ConfigDict

Role = Literal[
    "principal_investigator",
    "sub_investigator",
    "study_coordinator",
    "study_nurse",
    "pharmacist",
    "laboratory",
    "rater",
    "other",
]
MEMBERS_MAX = 1_000


class Member(BaseModel):
    """One person in one role, from a date until another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    assignment_id: str
    person_id: str
    role: Role
    since: BusinessTime
    until: BusinessTime | None = None


class Expiry(BaseModel):
    """That a credential of somebody in the team expired."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person_id: str
    kind: str
    course: str | None
    expired_on: BusinessTime


class AtSite(BaseModel):
    """Which site it is, of whom."""

    site_id: str
    study_id: str
    sponsor_id: str
    country: str


class Assigned(BaseModel):
    """Which assignment it is, of whom."""

    assignment_id: str
    person_id: str
    role: Role


# Commands


class LinkFacility(AtSite, Command):
    """Say where the site is. `facility_merged` is what the facility's record points to."""

    facility_id: str
    facility_merged: str | None


class AssignStaff(AtSite, Command):
    """Note that somebody joins in a role. `person_merged` is what the person's record points to."""

    assignment_id: str
    person_id: str
    person_merged: str | None
    role: Role


class EndStaff(Command):
    """Note that somebody leaves the role."""

    assignment_id: str


class VoidStaff(Command):
    """Take back an assignment that was recorded in error."""

    assignment_id: str


class ChangePrincipalInvestigator(Command):
    """Hand the lead over to somebody else."""

    assignment_id: str
    person_id: str
    person_merged: str | None


class NoteExpiries(Command):
    """Note that credentials of people in the team expired."""

    expiries: tuple[Expiry, ...]


SiteTeamCommand = LinkFacility | AssignStaff | EndStaff | VoidStaff | ChangePrincipalInvestigator | NoteExpiries


# Events


class FacilityLinked(AtSite, Event):
    """The site is at this facility."""

    facility_id: str


class StaffAssigned(AtSite, Assigned, Event):
    """Somebody joined in a role."""


class StaffEnded(Assigned, Event):
    """Somebody left a role."""


class StaffVoided(Assigned, Event):
    """The assignment was recorded in error."""


class PrincipalInvestigatorChanged(Event):
    """The lead went from one person to another."""

    assignment_id: str
    person_id: str
    previous_assignment_id: str
    previous_person_id: str


class CredentialExpired(Event):
    """A credential of somebody in the team expired; `role` is the one they have."""

    expiry: Expiry
    role: Role


SiteTeamEvent = (
    FacilityLinked | StaffAssigned | StaffEnded | StaffVoided | PrincipalInvestigatorChanged | CredentialExpired
)


# State


class SiteTeam(AtSite, State):
    """The team as it is and was."""

    facility_id: str | None = None
    members: tuple[Member, ...] = ()
    expiries: tuple[Expiry, ...] = ()

    @property
    def principal_investigator(self) -> Member | None:
        """Who leads."""
        return next((one for one in self.members if one.role == "principal_investigator" and one.until is None), None)


# Decide


def decide(team: SiteTeam | None, command: SiteTeamCommand) -> list[SiteTeamEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case LinkFacility():
            return link_facility(team, command)
        case AssignStaff():
            return assign(team, command)
        case EndStaff():
            return end(team, command)
        case VoidStaff():
            return void(team, command)
        case ChangePrincipalInvestigator():
            return change_principal_investigator(team, command)
        case NoteExpiries():
            return note_expiries(team, command)


def link_facility(team: SiteTeam | None, command: LinkFacility) -> list[SiteTeamEvent]:
    """Say where the site is; later again where it moved or was said wrongly."""
    if team is not None and team.facility_id == command.facility_id:
        return []
    _require(_merged(command.facility_merged, "facility_id"))
    return [FacilityLinked.model_validate(command.model_dump(exclude={"facility_merged"}))]


def assign(team: SiteTeam | None, command: AssignStaff) -> list[SiteTeamEvent]:
    """Let somebody join once, and a second leader never beside the first."""
    members = team.members if team is not None else ()
    if any(one.assignment_id == command.assignment_id for one in members):
        return []
    reasons = _merged(command.person_merged, "person_id")
    open_ones = [one for one in members if one.until is None]
    if any((one.person_id, one.role) == (command.person_id, command.role) for one in open_ones):
        detail = f"The person is already {_words(command.role)} of this site."
        reasons.append(Reason(code="already_assigned", field="person_id", detail=detail))
    elif command.role == "principal_investigator" and any(one.role == command.role for one in open_ones):
        detail = "The site has a principal investigator: change the principal investigator instead."
        reasons.append(Reason(code="principal_investigator_present", field="role", detail=detail))
    if len(members) >= MEMBERS_MAX:
        reasons.append(Reason(code="too_many_members", detail=f"A site's team has at most {MEMBERS_MAX} assignments."))
    _require([*_undated(command), *reasons])
    return [StaffAssigned.model_validate(command.model_dump(exclude={"person_merged"}))]


def end(team: SiteTeam | None, command: EndStaff) -> list[SiteTeamEvent]:
    """Let somebody leave; the assignment stays on record."""
    member = _member(team, command.assignment_id)
    if member.until is not None:
        return []
    _require([*_undated(command), *_too_early(member, command.occurred_at)])
    return [StaffEnded(occurred_at=command.occurred_at, **_told(member))]


def void(team: SiteTeam | None, command: VoidStaff) -> list[SiteTeamEvent]:
    """Take an assignment back that never was."""
    found = [one for one in (team.members if team is not None else ()) if one.assignment_id == command.assignment_id]
    return [StaffVoided(occurred_at=command.occurred_at, **_told(one)) for one in found]


def change_principal_investigator(team: SiteTeam | None, command: ChangePrincipalInvestigator) -> list[SiteTeamEvent]:
    """Hand the lead over on a date, without a day between."""
    leader = team.principal_investigator if team is not None else None
    if leader is None:
        detail = "The site has no principal investigator: assign one."
        raise Refused(Reason(code="no_principal_investigator", detail=detail))
    if leader.person_id == command.person_id:
        return []
    early = _too_early(leader, command.occurred_at)
    _require([*_undated(command), *_merged(command.person_merged, "person_id"), *early])
    changed_over = PrincipalInvestigatorChanged(
        occurred_at=command.occurred_at,
        assignment_id=command.assignment_id,
        person_id=command.person_id,
        previous_assignment_id=leader.assignment_id,
        previous_person_id=leader.person_id,
    )
    return [changed_over]


def note_expiries(team: SiteTeam | None, command: NoteExpiries) -> list[SiteTeamEvent]:
    """Tell each once for whoever is in the team, in each role they have."""
    present = [one for one in team.members if one.until is None] if team is not None else []
    known = team.expiries if team is not None else ()
    return [
        CredentialExpired(occurred_at=expiry.expired_on, expiry=expiry, role=one.role)
        for expiry in command.expiries
        if expiry not in known
        for one in present
        if one.person_id == expiry.person_id
    ]


def _member(team: SiteTeam | None, assignment_id: str) -> Member:
    for one in team.members if team is not None else ():
        if one.assignment_id == assignment_id:
            return one
    raise Refused(Reason(code="assignment_unknown", field="assignment_id", detail="There is no such assignment."))


def _told(member: Member) -> dict[str, Any]:
    return member.model_dump(include=set(Assigned.model_fields))


def _undated(command: SiteTeamCommand) -> list[Reason]:
    missing = Reason(code="occurred_at_missing", field="occurred_at", detail="Say from which date it holds.")
    return [missing] if command.occurred_at is None else []


def _too_early(member: Member, at: BusinessTime | None) -> list[Reason]:
    if at is None or not is_before(at, member.since):
        return []
    detail = f"{at} lies before {member.since}, when the {_words(member.role)} joined."
    return [Reason(code="before_since", field="occurred_at", detail=detail)]


def _merged(into: str | None, field: str) -> list[Reason]:
    detail = f"The record is merged into {into}: name that one."
    return [Reason(code="record_merged", field=field, detail=detail)] if into is not None else []


def _require(unmet: list[Reason]) -> None:
    if unmet:
        raise Refused(*unmet)


def _words(role: Role) -> str:
    return role.replace("_", " ")


# Evolve


def evolve(team: SiteTeam | None, event: SiteTeamEvent) -> SiteTeam:
    """Apply one event. No rule lives here: what happened, happened."""
    match event:
        case FacilityLinked():
            return changed(team or _begun(event), facility_id=event.facility_id)
        case StaffAssigned():
            team = team or _begun(event)
            return changed(team, members=(*team.members, _joined(event, event.role)))
        case StaffEnded():
            return _ended(_existing(team), event.assignment_id, event.occurred_at)
        case StaffVoided():
            team = _existing(team)
            left = tuple(one for one in team.members if one.assignment_id != event.assignment_id)
            return changed(team, members=left)
        case PrincipalInvestigatorChanged():
            team = _ended(_existing(team), event.previous_assignment_id, event.occurred_at)
            return changed(team, members=(*team.members, _joined(event, "principal_investigator")))
        case CredentialExpired():
            team = _existing(team)
            known = event.expiry in team.expiries
            return team if known else changed(team, expiries=(*team.expiries, event.expiry))


def _begun(event: FacilityLinked | StaffAssigned) -> SiteTeam:
    return SiteTeam.model_validate(event.model_dump(include=set(AtSite.model_fields)))


def _joined(event: StaffAssigned | PrincipalInvestigatorChanged, role: Role) -> Member:
    about = {"assignment_id": event.assignment_id, "person_id": event.person_id}
    return Member.model_validate({**about, "role": role, "since": event.occurred_at})


def _ended(team: SiteTeam, assignment_id: str, at: BusinessTime | None) -> SiteTeam:
    members = tuple(
        one.model_copy(update={"until": at}) if one.assignment_id == assignment_id else one for one in team.members
    )
    return changed(team, members=members)


def _existing(team: SiteTeam | None) -> SiteTeam:
    assert team is not None, "a team begins with a facility or a member"
    return team
