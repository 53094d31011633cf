"""The service knows the studies and sites that `sites` has told of, and listens to nothing else."""

import re
from pathlib import Path
from typing import Any

from chassis.projecting import folded
from contracts import EVENTS, Envelope, PublicEvent, Received
from contracts import sites as public
from regulatory.projections import SITES, STUDIES

README = Path(__file__).parents[1] / "README.md"
SITE: dict[str, Any] = {"study_id": "s1", "site_id": "site-7", "country": "DE"}
IDENTIFIED = public.SiteIdentified.model_validate({**SITE, "name": "C", "city": "Berlin", "number": None})
REGISTERED = public.StudyRegistered.model_construct(study_id="s1")


def received(event: PublicEvent, version: int = 1) -> Received:
    attributes = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/studyline/sites",
        "type": event.TYPE,
        "subject": "study-site/site-7",
        "time": "2022-01-15T00:00:00Z",
        "sponsor": "acme-1",
        "study": "s1",
        "aggregateversion": version,
        "recordedtime": "2022-01-16T00:00:00Z",
    }
    return Received(Envelope.model_validate(attributes), event)


def rows(projection: Any, *events: PublicEvent) -> list[dict[str, Any]]:
    told = [received(event, version) for version, event in enumerate(events, 1)]
    return folded({}, [(key, one) for one in told if (key := projection.key(one)) is not None], projection)


def test_a_registered_study_is_known_with_its_sponsor() -> None:
    assert rows(STUDIES, REGISTERED) == [{"_id": "s1", "sponsor": "acme-1", "study": "s1", "version": 1}]


def test_an_identified_site_is_known_with_its_study_and_country() -> None:
    assert rows(SITES, IDENTIFIED) == [
        {"_id": "site-7", "sponsor": "acme-1", "study": "s1", "country": "DE", "version": 1}
    ]


def test_what_happens_to_a_study_or_site_later_changes_nothing_here() -> None:
    later = public.SiteSelected.model_validate(SITE)
    assert rows(SITES, IDENTIFIED, later) == rows(SITES, IDENTIFIED)
    assert rows(STUDIES, REGISTERED, later) == rows(STUDIES, REGISTERED)


def test_the_readme_names_every_event_that_is_listened_to_and_no_other() -> None:
    listened = re.findall(r"^\| `([^`]+)` ", README.read_text().partition("## Listens to")[2], re.MULTILINE)
    samples = [received(event.model_construct(**SITE)) for event in EVENTS.values()]
    told = {one.event.TYPE for one in samples if STUDIES.key(one) is not None or SITES.key(one) is not None}
    assert set(listened) == told
