"""Commands for study sites."""

from chassis.commands import Builder, Unit
from kernel import BusinessTime

from sites.domain.study_site_messages import AdoptSite, IdentifySite, Status
from sites.store import STUDIES


def identify_site(
    site_id: str, study_id: str, at: BusinessTime | None, place: dict[str, str | None]
) -> Builder[IdentifySite]:
    """Note a place for a study that is there."""

    async def build(unit: Unit) -> IdentifySite:
        study = await unit.require(STUDIES, study_id)
        about = {"site_id": site_id, "study_id": study_id, "sponsor_id": study.sponsor.id, "occurred_at": at}
        return IdentifySite.model_validate(about | place)

    return build


def adopt_site(
    site_id: str,
    study_id: str,
    at: BusinessTime | None,
    place: dict[str, str | None],
    status: Status,
    activated_on: BusinessTime | None,
) -> Builder[AdoptSite]:
    """Take a site over for a study that is there."""

    async def build(unit: Unit) -> AdoptSite:
        found = await identify_site(site_id, study_id, at, place)(unit)
        return AdoptSite(**dict(found), status=status, activated_on=activated_on)

    return build
