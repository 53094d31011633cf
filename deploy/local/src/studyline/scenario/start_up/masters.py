"""Master records: a facility or a person that the CRO knows already, also from another study, is not entered again."""

from studyline.scenario.start_up.story import FIRST_DAY, Candidate
from studyline.scenario.start_up.tale import Tale

LICENSED_DAYS, CERTIFIED_DAYS = 1_400, 1_100


async def facility_of(tale: Tale, site: Candidate) -> str:
    """The facility's record, by name and place."""
    place = {"country": site.country, "city": site.city}
    known = await tale.stage.all(tale.cast.operations, "sites", "/organisations", **place)
    found = next((one for one in known if one["name"] == site.name), None)
    if found is None:
        capabilities = {"pharmacy": site.answers["pharmacy"] == "yes", "therapeutic_areas": ["dermatology"]}
        about = {"name": site.name, **place, "capabilities": capabilities}
        found = await tale.do("/organisations", FIRST_DAY, **about)
    return found["organisation_id"]


async def person_of(tale: Tale, site: Candidate, name: tuple[str, str], profession: str) -> str:
    """Somebody's record with what qualifies them, by name and place."""
    given, family = name
    known = await tale.stage.all(tale.cast.operations, "sites", "/people", country=site.country)
    of_name = (one for one in known if (one["given_name"], one["family_name"]) == name)
    found = next(of_name, None)
    if found is None:
        who = {"given_name": given, "family_name": family, "profession": profession}
        found = await tale.do("/people", FIRST_DAY, **who, city=site.city, country=site.country)
    if not found["credentials"]:
        await _qualified(tale, found["person_id"], profession)
    return found["person_id"]


async def _qualified(tale: Tale, person_id: str, profession: str) -> None:
    proofs = {"gcp_certificate": CERTIFIED_DAYS, "curriculum_vitae": None}
    if profession == "physician":
        proofs["licence"] = LICENSED_DAYS
    for kind, days in proofs.items():
        dates = {"issued_on": tale.calendar(FIRST_DAY)}
        if days is not None:
            dates["expires_on"] = tale.calendar(FIRST_DAY + days)
        await tale.do(f"/people/{person_id}/credentials", FIRST_DAY, kind=kind, **dates)
