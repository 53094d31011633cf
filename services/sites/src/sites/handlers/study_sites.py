"""Commands for study sites."""

from chassis.commands import Builder, Unit
from chassis.mongo import Document
from kernel import BusinessTime

from sites.domain.activation import Proof
from sites.domain.study_site import ActivateSite, AdoptSite, IdentifySite, Status
from sites.store import EVIDENCE, STUDIES, STUDY_SITES


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


def activate_site(site_id: str, at: BusinessTime) -> Builder[ActivateSite]:
    """Activate on the evidence in force for the site or its country."""

    async def build(unit: Unit) -> ActivateSite:
        site = await unit.require(STUDY_SITES, site_id)
        found = await unit.read(EVIDENCE.collection, evidence_for(site.study_id, site_id, site.country))
        return ActivateSite(occurred_at=at, proofs=proofs(found))

    return build


def evidence_for(study_id: str, site_id: str, country: str) -> dict[str, object]:
    """Which evidence concerns a site: its own, and its country's."""
    of_country = {"state.country": country, "state.site_id": None}
    return {"study": study_id, "state.in_force": True, "$or": [{"state.site_id": site_id}, of_country]}


def proofs(found: list[Document]) -> tuple[Proof, ...]:
    """The evidence as a decision takes it."""
    told = (document["state"] for document in found)
    return tuple(Proof.model_validate({name: one[name] for name in Proof.model_fields}) for one in told)
