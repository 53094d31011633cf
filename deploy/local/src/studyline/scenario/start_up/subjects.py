"""Sixth chapter: the first subjects, each under the consent form in effect, and what happens to them."""

from collections.abc import Iterator
from typing import Final

from studyline.scenario.stage import Object, together
from studyline.scenario.start_up.candidates import visit_once
from studyline.scenario.start_up.story import Candidate, Participant
from studyline.scenario.start_up.tale import Tale

SCREENED, FAILED, ENROLLED, RANDOMISED, TREATED = 3, 9, 10, 11, 12
"""Days after consent."""
INTERIM_VISIT: Final = 60
WHY: Final = {
    "fail-screening": {"reason_code": "eligibility_criteria_not_met"},
    "withdraw": {"reason_code": "withdrawal_by_subject"},
}


async def enrol(tale: Tale, wave: int) -> None:
    """The subjects who consent under the versions of a wave, site by site."""
    await together(*(_enrolled_at(tale, site, wave) for site in tale.story.opened))


async def _enrolled_at(tale: Tale, site: Candidate, wave: int) -> None:
    for one in tale.story.subjects:
        if one.site == site.number and wave_of(tale, one, site.country) == wave:
            await _enrolled(tale, site, one, wave)


def wave_of(tale: Tale, one: Participant, country: str) -> int:
    """Under which versions somebody consents, by the day."""
    return 2 if one.consented >= tale.story.effect(country, 2) else 1


async def _enrolled(tale: Tale, site: Candidate, one: Participant, wave: int) -> None:
    form = form_of(tale, site.country, wave)
    await form_in_effect(tale, site, form, one.consented)
    key = f"{site.number}-{one.number}"
    made = await tale.do(
        f"{tale.at(site)}/subjects", one.consented, tale.cast.monitor, subject_key=key, consent_form=form
    )
    tale.subjects[key] = made["subject_id"]
    for step, day in _course(one):
        await tale.do(f"/subjects/{tale.subjects[key]}/{step}", day, tale.cast.monitor, **WHY.get(step, {}))
    ends = {"treated": "enrolled, treated", "failed": "screening failed", "screened": "in screening"}
    told = ends.get(one.course, f"enrolled, withdrew on {tale.calendar(one.left or 0)}")
    tale.tell(one.consented, f"{key} consents to version {form['version']}: {told}")


def _course(one: Participant) -> Iterator[tuple[str, int]]:
    yield "screen", one.consented + SCREENED
    if one.course == "failed":
        yield "fail-screening", one.consented + FAILED
    if one.course in {"treated", "withdrawn"}:
        yield "enrol", one.consented + ENROLLED
        yield "randomise", one.consented + RANDOMISED
        yield "start-treatment", one.consented + TREATED
    if one.left is not None:
        yield "withdraw", one.left


def form_of(tale: Tale, country: str, wave: int) -> dict[str, str]:
    """The consent form of a country in the version of a wave."""
    key = f"consent-{country.lower()}"
    version = next(one.version for one in tale.story.documents if one.key == key and one.wave == wave)
    return {"document_id": tale.documents[key], "version": version}


async def form_in_effect(tale: Tale, site: Candidate, form: dict[str, str], day: int) -> None:
    """Wait until `sites` has heard that the form is in effect at the site on that day."""
    path, on, operations = f"{tale.at(site)}/consent-forms", tale.calendar(day), tale.cast.operations

    def come(forms: list[Object]) -> bool:
        return form in forms

    what = f"That version {form['version']} of the consent form is in effect at {site.number}"
    await tale.stage.until(what, lambda: tale.stage.listed(operations, "sites", path, on=on), come)


async def watch(tale: Tale) -> None:
    """The monitor comes again; a deviation and a serious adverse event are recorded."""
    visits = (visit_once(tale, site, "IMV", site.green + INTERIM_VISIT) for site in tale.story.opened)
    await together(*visits)
    tale.tell(None, f"{len(tale.story.opened)} interim monitoring visits completed")
    site = tale.story.opened[0]
    about = {"site_id": tale.sites[site.number], "subject_key": f"{site.number}-001"}
    deviation = {"category": "visit_schedule", "important": False}
    await tale.visit(f"/studies/{tale.study_id}/protocol-deviations", -205, **about, **deviation)
    event = {"subject_key": f"{site.number}-002", "serious": True, "severity": "severe"}
    await tale.visit(f"{tale.at(site)}/adverse-events", -190, **event)
    tale.tell(-190, f"{site.number} a deviation and a serious adverse event are recorded")
