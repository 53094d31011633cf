"""A start-up in depth, as a CRO's people live through it: from the agreement to an amendment at the sites.

`tell_start_up` is the script; each chapter is a module of acts. The journey in tests/journeys tells the same story.
"""

from datetime import date
from functools import partial
from typing import Final

from studyline.scenario.stage import Object, Stage, together
from studyline.scenario.start_up import (
    amendment,
    candidates,
    documents,
    green_light,
    planning,
    subjects,
    submissions,
    tmf,
)
from studyline.scenario.start_up.story import STORY, Calendar
from studyline.scenario.start_up.tale import Cast, Tale

__all__ = ["PROTOCOL_NUMBER", "SPONSOR", "Tale", "entries_of", "tell_start_up"]

SPONSOR: Final = "Brennhaus Therapeutics"
PROTOCOL_NUMBER: Final[str] = STORY.study["protocol_number"]
CHAPTERS: Final = (
    "Agreement",
    "Feasibility, and the documents meanwhile",
    "Submissions, and the sites' start-up meanwhile",
    "Green light",
    "Subjects, and the trial master file meanwhile",
    "Amendment",
    "What is under way",
)
JOURNALS: Final = ("sites", "regulatory", "monitoring")


async def tell_start_up(stage: Stage, sponsor: str, protocol_number: str, last_day: date) -> Tale:
    """Tell the whole story of a study, ending on that day; told before, it keeps its days and nothing is done twice.

    Raises StoryError where it cannot go on.
    """
    tale = await _begun(stage, sponsor, protocol_number, last_day)
    for number, (title, chapter) in enumerate(zip(CHAPTERS, _SCRIPT, strict=True), start=1):
        stage.tell(f"{number}  {title}")
        await chapter(tale)
    await _shown(tale)
    return tale


async def entries_of(tale: Tale) -> int:
    """How many acts of people the journals of the services hold of the study; what follows by itself is not counted."""
    asked = {"study": tale.study_id}
    found = [await tale.stage.all(tale.cast.operations, service, "/journal", **asked) for service in JOURNALS]
    by_people = [one for entries in found for one in entries if not one["actor"]["id"].startswith("service:")]
    return len(by_people)


async def _shown(tale: Tale) -> None:
    """Wait until reporting shows all of it."""

    def level(freshness: Object) -> bool:
        return all(one["lag_records"] == 0 for one in freshness["sources"])

    read = partial(tale.stage.read, tale.cast.operations, "reporting", "/freshness")
    await tale.stage.until("That reporting shows the story", read, level)


async def _begun(stage: Stage, sponsor: str, protocol_number: str, last_day: date) -> Tale:
    operations = Cast.of(sponsor).operations
    known = await stage.all(operations, "sites", "/studies", protocol_number=protocol_number)
    ours = next((one for one in known if one["sponsor"]["name"] == sponsor), None)
    if ours is None:
        return Tale(stage, sponsor, protocol_number, Calendar(last=last_day))
    calendar = _calendar_of(ours)
    if calendar.last != last_day:
        stage.tell(f"This story was told before, up to {calendar.last}: it keeps its days")
    tale = Tale(stage, sponsor, protocol_number, calendar, study_id=ours["study_id"])
    tale.entries_before = await entries_of(tale)
    return tale


def _calendar_of(study: Object) -> Calendar:
    [begun] = [one["actual"] for one in study["milestones"] if one["kind"] == "first_submitted"]
    return Calendar.from_first(begun)


async def _agreement(tale: Tale) -> None:
    await planning.register(tale)
    tale.agreement_id = await planning.agree(tale)
    await planning.set_up(tale)


async def _candidates_and_documents(tale: Tale) -> None:
    await together(_candidates(tale), _documents(tale))


async def _candidates(tale: Tale) -> None:
    await candidates.find_sites(tale)
    await candidates.ask_sites(tale)
    await candidates.visit_sites(tale)
    await candidates.choose_sites(tale)
    await planning.plan(tale)


async def _documents(tale: Tale) -> None:
    await documents.write_documents(tale, wave=1)
    await documents.read_and_understood(tale, "1.0", -395)


async def _submissions_and_sites(tale: Tale) -> None:
    await together(_submissions(tale), _sites(tale))


async def _submissions(tale: Tale) -> None:
    await submissions.file_submissions(tale, wave=1)
    await documents.take_effect(tale, wave=1)


async def _sites(tale: Tale) -> None:
    await green_light.begin_start_up(tale)
    await green_light.ask_too_early(tale)
    await green_light.refuse_contract(tale, tale.agreement_id)
    await green_light.prepare_sites(tale)


async def _green_light(tale: Tale) -> None:
    await green_light.grant(tale)
    await planning.begin(tale)


async def _subjects_and_file(tale: Tale) -> None:
    await together(
        subjects.enrol(tale, wave=1), subjects.watch(tale), tmf.complete_file(tale), submissions.notify(tale)
    )


async def _amendment(tale: Tale) -> None:
    await documents.write_documents(tale, wave=2)
    await documents.read_and_understood(tale, "2.0", -138)
    await submissions.file_submissions(tale, wave=2)
    await amendment.adopt_versions(tale)
    await documents.take_effect(tale, wave=2)
    await amendment.bring_to_sites(tale)
    await amendment.see_implemented(tale)
    await subjects.enrol(tale, wave=2)


async def _under_way(tale: Tale) -> None:
    await documents.write_documents(tale, wave=3)
    await submissions.file_submissions(tale, wave=3)


_SCRIPT: Final = (
    _agreement,
    _candidates_and_documents,
    _submissions_and_sites,
    _green_light,
    _subjects_and_file,
    _amendment,
    _under_way,
)
