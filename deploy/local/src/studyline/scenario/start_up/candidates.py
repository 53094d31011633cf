"""Second chapter: twelve candidate sites are asked through their links, visited, scored; some are chosen."""

from typing import Any

import httpx

from studyline.scenario.stage import Object, StoryError, together
from studyline.scenario.start_up.masters import facility_of
from studyline.scenario.start_up.story import Candidate
from studyline.scenario.start_up.tale import Tale

IDENTIFIED, CDA_SIGNED, ASKED, DECIDED = -435, -428, -424, -380
WAIT_SECONDS = 30


async def find_sites(tale: Tale) -> None:
    """The candidates are identified, and each signs a confidentiality agreement."""

    async def found(site: Candidate) -> None:
        about = site.model_dump(include={"name", "city", "country", "number"})
        made = await tale.do(f"/studies/{tale.study_id}/sites", IDENTIFIED, **about)
        tale.sites[site.number] = made["site_id"]
        await tale.do(f"{tale.at(site)}/facility", IDENTIFIED, facility_id=await facility_of(tale, site))
        await tale.do(f"{tale.at(site)}/sign-cda", CDA_SIGNED)
        tale.tell(CDA_SIGNED, f"{site.number} {site.name}, {site.city}: identified, confidentiality agreement signed")

    await together(*(found(site) for site in tale.story.sites))


async def ask_sites(tale: Tale) -> None:
    """One questionnaire for the study, published and sent to every candidate, who answers through the link."""
    about = {"title": "Feasibility NB-112-301", "definition": tale.story.questionnaire, "study_id": tale.study_id}
    questionnaire = (await tale.do("/questionnaires", -438, **about))["questionnaire_id"]
    await tale.do(f"/questionnaires/{questionnaire}/publish", -436)
    tale.tell(-436, "The questionnaire is published: from now on it stays as it is")
    await together(*(_asked(tale, site, questionnaire) for site in tale.story.sites))


async def _asked(tale: Tale, site: Candidate, questionnaire: str) -> None:
    sent = await tale.do(f"{tale.at(site)}/feasibility", ASKED, questionnaire_id=questionnaire)
    key = sent["assessment_id"]
    present = await tale.stage.read(tale.cast.operations, "sites", f"/feasibility/{key}")
    if present["status"] != "returned":
        await _answered_through(await _link_of(tale, key, sent), site)
        present = await tale.stage.read(tale.cast.operations, "sites", f"/feasibility/{key}")
    score, barred = present["score"]["percent"], present["score"]["disqualified_by"]
    told = f"scores {score} %" + (f", disqualified by {', '.join(barred)}" if barred else "")
    tale.tell(None, f"{site.number} has answered through its link: {told}")


async def _link_of(tale: Tale, assessment_id: str, sent: Object) -> str:
    """The link that was shown; a new one where an earlier telling was cut off after it was shown, once."""
    if sent["link"]["address"] is None:
        path, since = f"/feasibility/{assessment_id}/renew-link", {"reason": f"lost: {sent['link']['link_id']}"}
        sent = await tale.do(path, ASKED, **since)
    if sent["link"]["address"] is None:
        message = f"The link of questionnaire {assessment_id} was shown before and is lost: tell another story"
        raise StoryError(message)
    return sent["link"]["address"]


async def _answered_through(link: str, site: Candidate) -> None:
    """As a site does it: open the link, fill the form in, and return it; no account, no token."""
    async with httpx.AsyncClient(trust_env=False, timeout=WAIT_SECONDS) as browser:
        opened = await browser.get(link)
        opened.raise_for_status()
        saved = await browser.put(f"{link}/draft", json={"based_on": 0, "answers": site.answers})
        saved.raise_for_status()
        who = {"respondent_name": "Study office", "respondent_role": "Study coordinator"}
        fields: dict[str, Any] = {f"q.{code}": value for code, value in site.answers.items()}
        returned = await browser.post(
            link, data={"action": "return", "based_on": saved.json()["draft"], **who, **fields}
        )
        if not returned.is_success:
            message = f"{site.number} could not return its questionnaire: HTTP {returned.status_code}"
            raise StoryError(message)


async def visit_sites(tale: Tale) -> None:
    """The monitor sees the most promising candidates before anybody chooses."""
    visited = [site for site in tale.story.sites if site.visited]

    async def seen(place: int, site: Candidate) -> None:
        day = -400 + 2 * place
        await visit_once(tale, site, "PSV", day)
        tale.tell(day, f"{site.number} pre-study visit completed")

    await together(*(seen(place, site) for place, site in enumerate(visited)))


async def visit_once(tale: Tale, site: Candidate, visit_type: str, day: int) -> str:
    """A monitoring visit from plan to completion; its id."""
    about = {"visit_type": visit_type, "planned_on": tale.calendar(day)}
    visit: str = (await tale.visit(f"{tale.at(site)}/visits", day - 25, **about))["visit_id"]
    await tale.visit(f"/visits/{visit}/schedule", day - 15, scheduled_on=tale.calendar(day))
    await tale.visit(f"/visits/{visit}/complete", day)
    return visit


async def choose_sites(tale: Tale) -> None:
    """By score and visit; who is not chosen gets the reason."""
    path, expected = f"/studies/{tale.study_id}/candidates", sum(site.visited for site in tale.story.sites)

    def visited(found: list[Object]) -> bool:
        return sum(one["pre_study_visit_on"] is not None for one in found) == expected

    operations = tale.cast.operations
    ranked = await tale.stage.until(
        "The visits count for the candidates", lambda: tale.stage.all(operations, "sites", path), visited
    )
    rank = {one["site_id"]: one["rank"] for one in ranked}
    await together(*(_chosen(tale, site, rank[tale.sites[site.number]]) for site in tale.story.sites))


async def _chosen(tale: Tale, site: Candidate, rank: int | None) -> None:
    because, words = {"because": site.because}, site.because.replace("_", " ")
    if site.selected:
        await tale.do(f"{tale.at(site)}/select", DECIDED, **because)
        return tale.tell(DECIDED, f"{site.number} (rank {rank}) SELECTED: {words}")
    await tale.do(f"{tale.at(site)}/reject", DECIDED, **because, reason=f"{words}, rank {rank} of 12")
    return tale.tell(DECIDED, f"{site.number} (rank {rank}) not selected: {words}")
