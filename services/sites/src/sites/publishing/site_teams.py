"""Events of sites' teams, as the world learns of them: ids and roles, never names."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import site_team

STAFF_EVENTS: dict[type[site_team.SiteTeamEvent], type[public.SiteStaffEvent]] = {
    site_team.StaffAssigned: public.SiteStaffAssigned,
    site_team.StaffEnded: public.SiteStaffEnded,
    site_team.StaffVoided: public.SiteStaffVoided,
}


def publish_team(state: site_team.SiteTeam, event: site_team.SiteTeamEvent) -> PublicEvent:
    """How the world learns of an event of a site's team."""
    about = {"study_id": state.study_id, "site_id": state.site_id, "country": state.country}
    match event:
        case site_team.FacilityLinked():
            return public.SiteFacilityLinked(**about, facility_id=event.facility_id)
        case site_team.StaffAssigned() | site_team.StaffEnded() | site_team.StaffVoided():
            member = event.model_dump(include={"assignment_id", "person_id", "role"})
            return STAFF_EVENTS[type(event)].model_validate({**about, **member})
        case site_team.PrincipalInvestigatorChanged():
            return public.PrincipalInvestigatorChanged(**about, **event.model_dump(exclude={"occurred_at"}))
        case site_team.CredentialExpired():
            told = {"person_id": event.expiry.person_id, "credential": event.expiry.kind, "role": event.role}
            return public.SiteCredentialExpired.model_validate({**about, **told, "expired_on": event.expiry.expired_on})
