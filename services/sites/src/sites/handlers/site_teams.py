"""Commands for sites' teams: whoever links a site to master records must see both."""

from typing import Any

from chassis.commands import Builder, Unit
from kernel import BusinessTime

from sites.domain.site_team import AssignStaff, ChangePrincipalInvestigator, LinkFacility, Role
from sites.store import ORGANISATIONS, PEOPLE, SITE_TEAMS, STUDY_SITES


def link_facility(site_id: str, facility_id: str, at: BusinessTime) -> Builder[LinkFacility]:
    """Say at which facility a site is that is there."""

    async def build(unit: Unit) -> LinkFacility:
        site = await _site(unit, site_id)
        facility = await unit.require(ORGANISATIONS, facility_id)
        facts = {"facility_id": facility_id, "facility_merged": facility.merged_into}
        return LinkFacility.model_validate({**site, **facts, "occurred_at": at})

    return build


def assign_staff(
    site_id: str, assignment_id: str, person_id: str, role: Role, at: BusinessTime
) -> Builder[AssignStaff]:
    """Let somebody who is on record join the team of a site that is there."""

    async def build(unit: Unit) -> AssignStaff:
        site = await _site(unit, site_id)
        person = await unit.require(PEOPLE, person_id)
        facts = {"assignment_id": assignment_id, "person_id": person_id, "person_merged": person.merged_into}
        return AssignStaff.model_validate({**site, **facts, "role": role, "occurred_at": at})

    return build


def change_principal_investigator(
    site_id: str, assignment_id: str, person_id: str, at: BusinessTime
) -> Builder[ChangePrincipalInvestigator]:
    """Hand the lead of a site over to somebody who is on record."""

    async def build(unit: Unit) -> ChangePrincipalInvestigator:
        await unit.require(SITE_TEAMS, site_id)
        person = await unit.require(PEOPLE, person_id)
        return ChangePrincipalInvestigator(
            occurred_at=at, assignment_id=assignment_id, person_id=person_id, person_merged=person.merged_into
        )

    return build


async def _site(unit: Unit, site_id: str) -> dict[str, Any]:
    site = await unit.require(STUDY_SITES, site_id)
    return site.model_dump(include={"site_id", "study_id", "sponsor_id", "country"})
