"""What every record kept at a site begins with: whose site it is."""

from typing import Any

from chassis.commands import Unit
from kernel import BusinessTime

from sites.store import STUDY_SITES


async def at_site(unit: Unit, site_id: str, at: BusinessTime | None) -> dict[str, Any]:
    """Site, study, sponsor and country of a site that is there, and the date of the act. Raises the 404 problem."""
    site = await unit.require(STUDY_SITES, site_id)
    return {**site.model_dump(include={"site_id", "study_id", "sponsor_id", "country"}), "occurred_at": at}
