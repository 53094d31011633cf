"""Eighth chapter: the protocol is amended, country by country; sites are trained and subjects consent anew."""

from typing import Final

from studyline.scenario.stage import Object, together
from studyline.scenario.start_up.green_light import TASKS
from studyline.scenario.start_up.story import Candidate, Participant
from studyline.scenario.start_up.subjects import form_in_effect, form_of, wave_of
from studyline.scenario.start_up.tale import Tale

TRAINED_AFTER, FIRST_CONSENT_AFTER, BETWEEN_CONSENTS = 6, 9, 5
"""Days after the amended versions took effect in the country."""
NEXT_CHECKLIST: Final = -100


async def adopt_versions(tale: Tale) -> None:
    """Sites that are not open yet are judged by the amended versions; an open one keeps what it was opened on."""
    versions = {"protocol_version": "Protocol 2.0", "consent_form_version": "Consent form 2.0"}
    await tale.do(f"/studies/{tale.study_id}/checklist", NEXT_CHECKLIST, product="drug", ind=True, **versions)
    tale.tell(NEXT_CHECKLIST, "The checklist for sites to come asks for approvals that cover Protocol 2.0")


async def bring_to_sites(tale: Tale) -> None:
    """Training and consent anew at every open site."""
    await together(*(_brought(tale, site) for site in tale.story.opened))


async def _brought(tale: Tale, site: Candidate) -> None:
    effect = tale.story.effect(site.country, 2)
    amended = {"document_id": tale.documents["protocol"], "version": "2.0"}
    for role in TASKS:
        about = {"topic": "protocol", "person_id": tale.people[site.number, role], "document_version": amended}
        await tale.do(f"{tale.at(site)}/trainings", effect + TRAINED_AFTER, tale.cast.monitor, **about)
    tale.tell(effect + TRAINED_AFTER, f"{site.number} team trained on Protocol 2.0")
    form = form_of(tale, site.country, 2)
    await form_in_effect(tale, site, form, effect + FIRST_CONSENT_AFTER)
    for place, one in enumerate(_under_way(tale, site)):
        day = effect + FIRST_CONSENT_AFTER + BETWEEN_CONSENTS * place
        key = f"{site.number}-{one.number}"
        await tale.do(f"/subjects/{tale.subjects[key]}/reconsent", day, tale.cast.monitor, consent_form=form)
        tale.tell(day, f"{key} consents anew, to version {form['version']}")


async def see_implemented(tale: Tale) -> None:
    """What nobody typed: each site has implemented the amendment, and how long that took."""
    await together(*(_implemented(tale, site) for site in tale.story.opened))
    study = f"/studies/{tale.study_id}/amendments"
    [amended] = await tale.stage.all(tale.cast.operations, "sites", study)
    for one in amended["countries"]:
        days = one["approval_to_implemented_longest"]
        tale.tell(
            None, f"{one['country']} {one['implemented']} of {one['sites']} sites, at most {days} days from approval"
        )


async def _implemented(tale: Tale, site: Candidate) -> None:
    path, operations = f"{tale.at(site)}/amendments", tale.cast.operations

    def done(found: list[Object]) -> bool:
        return bool(found) and found[0]["status"] == "implemented"

    what = f"That {site.number} has implemented Protocol 2.0"
    [amended] = await tale.stage.until(what, lambda: tale.stage.all(operations, "sites", path), done)
    approved, effect = amended["days_from_approval"], amended["days_from_effect"]
    told = f"{approved} days after its approval, {effect} after it took effect"
    tale.stage.tell(f"  {amended['implemented_on']}  {site.number} AMENDMENT IMPLEMENTED: {told}")


def _under_way(tale: Tale, site: Candidate) -> list[Participant]:
    """The site's subjects who take part, and consented to the version before."""
    of_site = [one for one in tale.story.subjects if one.site == site.number]
    return [one for one in of_site if one.course == "treated" and wave_of(tale, one, site.country) == 1]
