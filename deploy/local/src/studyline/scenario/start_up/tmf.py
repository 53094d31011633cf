"""Seventh chapter: what no event files by itself is sent to the trial master file, and checked by somebody else."""

from typing import Final

from studyline.scenario.stage import Object, together
from studyline.scenario.start_up.story import Candidate
from studyline.scenario.start_up.tale import Tale

BY_HAND: Final = {
    "081": "Feasibility documentation",
    "082": "Report of the pre-study visit",
    "084": "Acceptance of the investigator's brochure",
    "085": "Protocol signature page",
    "087": "Curriculum vitae",
    "090": "GCP certificate",
}
RETURNED: Final = "085"
FINDING: Final = {"code": "missing_date", "note": "The date beside the signature is missing."}


async def complete_file(tale: Tale) -> None:
    """A few documents a site; one of them goes back first."""
    await together(
        *(_filed(tale, site, artifact) for site in tale.story.opened for artifact in BY_HAND),
    )
    count = len(tale.story.opened) * len(BY_HAND)
    tale.tell(None, f"{count} documents are filed by hand after quality control, the rest by their events")


async def _filed(tale: Tale, site: Candidate, artifact: str) -> None:
    day = site.green + 5
    key = (await _expected(tale, site, artifact))["tmf_document_id"]
    if site is tale.story.opened[0] and artifact == RETURNED:
        await _sent(tale, site, key, artifact, "0.9", day)
        await _checked(tale, key, day + 2)
        await tale.file(f"/tmf-documents/{key}/return", day + 3, tale.cast.quality, findings=[FINDING])
        tale.tell(day + 3, f"{site.number} {BY_HAND[artifact]} returned: {FINDING['note']}")
    await _sent(tale, site, key, artifact, "1.0", day + 5)
    await _checked(tale, key, day + 7)
    await tale.file(f"/tmf-documents/{key}/file", day + 8, tale.cast.quality)


async def _expected(tale: Tale, site: Candidate, artifact: str) -> Object:
    """The document that an event has made expected."""
    path, asked = f"/studies/{tale.study_id}/tmf/documents", {"site_id": tale.sites[site.number]}
    listing = {**asked, "unique_id": int(artifact)}
    affairs = tale.cast.affairs
    what = f"That {BY_HAND[artifact]} of {site.number} is expected"
    found = await tale.stage.until(what, lambda: tale.stage.all(affairs, "regulatory", path, **listing), bool)
    return found[0]


async def _sent(tale: Tale, site: Candidate, key: str, artifact: str, label: str, day: int) -> None:
    name = f"{site.number}-{artifact}-{label}"
    dates = {"label": label, "occurred_at": tale.calendar(day), "document_date": tale.calendar(day - 1)}
    lines = (f"{site.name}, {site.city}", f"Version {label}", "An invented document.")
    path = f"/tmf-documents/{key}/receive"
    await tale.stage.upload(tale.cast.affairs, "regulatory", path, name, lines, title=BY_HAND[artifact], **dates)


async def _checked(tale: Tale, key: str, day: int) -> None:
    await tale.file(f"/tmf-documents/{key}/start-qc", day, tale.cast.quality)
