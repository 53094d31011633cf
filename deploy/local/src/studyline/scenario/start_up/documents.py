"""Third chapter: the documents, from draft through review to a signature, and where each takes effect."""

from collections.abc import Iterable
from typing import Any, Final

from studyline.scenario.stage import Actor, Object, together
from studyline.scenario.start_up.story import Paper
from studyline.scenario.start_up.tale import Tale

REVIEW_DAYS: Final = 6
CONSENT, PROTOCOL, SHEET = "040", "032", "041"
BY_COUNTRY: Final = frozenset({PROTOCOL, CONSENT, SHEET})
"""What takes effect country by country, once it is approved there; everything else with its signature."""
LANGUAGES: Final = {"DE": "de", "FR": "fr", "GB": "en", "US": "en"}


async def write_documents(tale: Tale, wave: int) -> None:
    """Every document of a wave, side by side."""
    await together(*(_written(tale, one) for one in tale.story.documents if one.wave == wave))


async def _written(tale: Tale, paper: Paper) -> None:
    document = await _document(tale, paper)
    path = f"/documents/{document}/versions/{paper.version}"
    await _drafted(tale, document, paper)
    await _reviewed(tale, path, paper)
    await _approved(tale, document, path, paper)
    if paper.type_id not in BY_COUNTRY:
        await tale.file(f"{path}/make-effective", paper.approved + 2)
    tale.tell(
        paper.approved, f"{paper.title} {paper.version}: reviewed, approved by signature of {_approver(tale).name}"
    )


async def _document(tale: Tale, paper: Paper) -> str:
    if paper.key not in tale.documents:
        about = {"study_id": tale.study_id, "type_id": paper.type_id, "title": paper.title}
        place = {"country": paper.country, "language": LANGUAGES[paper.country]} if paper.country else {}
        made = await tale.file("/documents", paper.drafted, tale.cast.writer, **about, **place)
        tale.documents[paper.key] = made["document_id"]
    return tale.documents[paper.key]


async def _drafted(tale: Tale, document: str, paper: Paper) -> None:
    told: dict[str, Any] = {"version": paper.version}
    if paper.change is not None:
        told["change"] = {"summary": paper.change, "substantial": True, "sections": ["Schedule of activities"]}
    writer, path = tale.cast.writer, f"/documents/{document}/versions"
    await tale.file(path, paper.drafted, writer, **told)
    lines = (paper.title, f"Version {paper.version}", paper.change or "First version", "An invented document.")
    dated = {"occurred_at": tale.calendar(paper.drafted + 1)}
    about = f"{path}/{paper.version}"
    await tale.stage.upload(writer, "regulatory", f"{about}/file", f"{paper.key}-{paper.version}", lines, **dated)
    if paper.type_id == PROTOCOL:
        await tale.file(f"{about}/synopsis", paper.drafted + 1, writer, synopsis=synopsis_of(tale, paper))


def synopsis_of(tale: Tale, paper: Paper) -> Object:
    """The protocol's synopsis; the second version has a visit more."""
    synopsis = dict(tale.story.synopsis)
    if paper.wave == 1:
        return synopsis
    week_24 = {"id": "V4B", "name": "Week 24", "day": 169, "days_before": 5, "days_after": 5}
    return {**synopsis, "visits": [*synopsis["visits"], {**week_24, "procedure_ids": ["LAB", "AE"]}]}


async def _reviewed(tale: Tale, path: str, paper: Paper) -> None:
    day, reviewers = paper.approved - REVIEW_DAYS, (tale.cast.operations, tale.cast.quality)
    named = [one.subject for one in reviewers]
    await tale.file(f"{path}/request-review", day, tale.cast.writer, reviewers=named)
    if paper.type_id == PROTOCOL:
        await _commented(tale, path, day + 1)
    for one in reviewers:
        await tale.file(f"{path}/complete-review", day + 4, one)


async def _commented(tale: Tale, path: str, day: int) -> None:
    """Quality asks for a wider window; the author deals with it."""
    asked = {"text": "Is a window of three days enough at week 4?", "section": "Schedule of activities"}
    commented = await tale.file(f"{path}/comments", day, tale.cast.quality, **asked)
    version = path.rsplit("/", 1)[1]
    comment = _version(commented, version)["comments"][-1]["comment_id"]
    dealt = {"resolution": "It is: the visit may be held at any of seven days."}
    await tale.file(f"{path}/comments/{comment}/resolve", day + 1, tale.cast.writer, **dealt)


async def _approved(tale: Tale, document: str, path: str, paper: Paper) -> None:
    """Who approves signs exactly the content that was reviewed (21 CFR 11.70)."""
    signer = _approver(tale)
    held = await tale.stage.read(signer, "regulatory", f"/documents/{document}")
    content = _version(held, paper.version)["sha256"]
    told = {"sha256": content, "occurred_at": tale.calendar(paper.approved)}
    await tale.stage.sign(signer, "regulatory", f"{path}/approve", **told)


def _approver(tale: Tale) -> Actor:
    return tale.cast.medical


def _version(document: Object, number: str) -> Object:
    return next(one for one in document["versions"] if one["number"] == number)


async def take_effect(tale: Tale, wave: int) -> None:
    """Protocol, consent form and information take effect in each country on the day it may use them."""
    papers = [one for one in tale.story.documents if one.wave == wave and one.type_id in BY_COUNTRY]
    await together(*(_in_effect(tale, one, _countries(tale, one), wave) for one in papers))


async def _in_effect(tale: Tale, paper: Paper, countries: Iterable[str], wave: int) -> None:
    for country in countries:
        day = tale.story.effect(country, wave)
        path = f"/documents/{tale.documents[paper.key]}/versions/{paper.version}/make-effective"
        await tale.file(path, day, country=country)
        tale.tell(day, f"{paper.title} {paper.version} in effect in {country}")


def _countries(tale: Tale, paper: Paper) -> list[str]:
    return [paper.country] if paper.country else [one.country for one in tale.story.effects]


async def read_and_understood(tale: Tale, version: str, day: int) -> None:
    """The monitor is asked to read the protocol, and confirms by signature."""
    path, monitor = f"/documents/{tale.documents['protocol']}/versions/{version}", tale.cast.monitor
    await tale.file(f"{path}/assign-readers", day, readers=[monitor.subject], due_on=tale.calendar(day + 14))
    held = await tale.stage.read(monitor, "regulatory", f"/documents/{tale.documents['protocol']}")
    told = {"sha256": _version(held, version)["sha256"], "occurred_at": tale.calendar(day + 5)}
    await tale.stage.sign(monitor, "regulatory", f"{path}/read-and-understood", **told)
    tale.tell(day + 5, f"Protocol {version}: read and understood, signed by {monitor.name}")
