"""The service knows the studies and sites that `sites` has told of, and listens to nothing else but its own events."""

import re
from pathlib import Path
from typing import Any

from chassis.stream.projecting import folded
from contracts import EVENTS, PublicEvent, Received, sponsor_id
from contracts import sites as public
from contracts.regulatory import tmf
from regulatory.domain.tmf_expectations import RULES
from regulatory.handlers.tmf_milestones import MAY_COMPLETE, MAY_REOPEN
from regulatory.policies import clock_orders, duties, implementations, submission_order
from regulatory.projections import AGREEMENTS, MILESTONES, SITES, STUDIES
from studyline.testing.events import told

README = Path(__file__).parents[1] / "README.md"
ACME = sponsor_id("Acme")
SITE: dict[str, Any] = {"study_id": "s1", "site_id": "site-7", "country": "DE"}
IDENTIFIED = public.SiteIdentified.model_validate({**SITE, "name": "C", "city": "Berlin", "number": None})
SUBMITTED: dict[str, Any] = {
    "kind": "initial",
    "agreement_id": "agreement-1",
    "body": "competent_authority",
    "submission_id": "sub-1",
    "part": "I",
    "completed_on": "2022-02-01",
    "expires_on": "2023",
    "rounds": 1,
    "about_type": "submission",
    "about_id": "sub-1",
    "if_missed": "lapsed",
    "round": 1,
    "had_lapsed": True,
    "level": "country",
    "milestone": "study_completion",
    "actual": "2024",
    "urgent_safety_measure": True,
}
REGISTERED = public.StudyRegistered.model_construct(study_id="s1")


def received(event: PublicEvent, version: int = 1) -> Received:
    return told("study-site/site-7", event, sponsor="Acme", version=version)


def rows(projection: Any, *events: PublicEvent) -> list[dict[str, Any]]:
    heard = [received(event, version) for version, event in enumerate(events, 1)]
    return folded({}, [(key, one) for one in heard if (key := projection.key(one)) is not None], projection)


def test_a_registered_study_is_known_with_its_sponsor() -> None:
    assert rows(STUDIES, REGISTERED) == [{"_id": "s1", "sponsor": ACME, "study": "s1", "version": 1}]


def test_an_identified_site_is_known_with_its_study_country_and_number() -> None:
    place = {"country": "DE", "number": None}
    assert rows(SITES, IDENTIFIED) == [{"_id": "site-7", "sponsor": ACME, "study": "s1", **place, "version": 1}]


def test_what_happens_to_a_study_or_site_later_changes_nothing_here() -> None:
    later = public.SiteSelected.model_validate(SITE)
    assert rows(SITES, IDENTIFIED, later) == rows(SITES, IDENTIFIED)
    assert rows(STUDIES, REGISTERED, later) == rows(STUDIES, REGISTERED)


def test_the_readme_names_every_event_that_is_listened_to_and_no_other() -> None:
    listened = re.findall(r"^\| `([^`]+)` ", README.read_text().partition("## Listens to")[2], re.MULTILINE)
    about: dict[str, Any] = {**SITE, **SUBMITTED, "submissions": ("sub-1",)}
    milestone: dict[str, Any] = {**about, "kind": "first_subject_in"}
    told_of = [(event, milestone if event is public.MilestoneReached else about) for event in EVENTS.values()]
    samples = [received(event.model_construct(**more)) for event, more in told_of]
    projected = (STUDIES, SITES, MILESTONES, AGREEMENTS)
    known = {one.event.TYPE for one in samples if any(each.key(one) is not None for each in projected)}
    asking = {one.event.TYPE for one in samples if [*clock_orders(one)] or submission_order(one) is not None}
    asking |= {one.event.TYPE for one in samples if any(implementations(one)) or any(duties(one))}
    of_files = {one.TYPE for one in (tmf.TmfOpened, tmf.TmfRulesAdopted, *MAY_COMPLETE, *MAY_REOPEN)}
    assert set(listened) == known | asking | {row.event for row in RULES.rows if not row.planned} | of_files
