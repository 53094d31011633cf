"""Fourth chapter: what authorities and ethics committees are asked, what they ask back, and what they decide."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from studyline.scenario.stage import Object, together
from studyline.scenario.start_up.story import COVER, Filing, Paper
from studyline.scenario.start_up.tale import Tale

ELSEWHERE: Final = {"DE": ("036", "087"), "FR": ("036", "087"), "GB": ("036",), "US": ()}
"""Insurance and curricula vitae go with a first application and are kept elsewhere, by their unique ids."""
COVERED: Final = {"032": "Protocol", "040": "Consent form"}
"""The names under which a decision covers a version, as the checklist for the green light names them."""
CONDITION: Final = "Submit the final report of the carcinogenicity study once it is there."


class Step(NamedTuple):
    """One step of a submission: its day, its path, its body, and how it is told."""

    day: int
    path: str
    body: dict[str, Any]
    told: str


async def file_submissions(tale: Tale, wave: int) -> None:
    """Every submission of a wave that asks for something, side by side."""
    await together(*(_filed(tale, one) for one in tale.story.submissions if one.wave == wave and not one.notifies))


async def notify(tale: Tale) -> None:
    """What authorities are told of once sites are open: that the trial has started, and of its first visit."""
    await together(*(_filed(tale, one) for one in tale.story.submissions if one.notifies))


async def _filed(tale: Tale, filing: Filing) -> None:
    documents = dossier_of(tale, filing)
    about: dict[str, Any] = {"study_id": tale.study_id, "body": filing.body, "country": filing.country}
    kind = {"kind": filing.kind, "parts": list(filing.parts), "notifies": list(filing.notifies)}
    made = await tale.file("/submissions", filing.prepared, **about, **kind, documents=documents)
    key = tale.submissions[filing.key] = made["submission_id"]
    for step in _steps(tale, filing):
        await tale.file(f"/submissions/{key}/{step.path}", step.day, **step.body)
        tale.tell(step.day, f"{_named(filing)}: {step.told}")


def _named(filing: Filing) -> str:
    what = " and ".join(filing.notifies) or filing.kind
    kind = "" if filing.kind == "initial" else f", {what.replace('_', ' ')}"
    return f"{filing.country} {filing.body.replace('_', ' ')}{kind}"


def _steps(tale: Tale, filing: Filing) -> list[Step]:
    steps = [
        Step(filing.submitted - 1, "complete-preparation", {}, "the dossier is complete"),
        Step(filing.submitted, "submit", {}, "submitted"),
        *_validation(filing),
        *_questions(filing),
        *_conclusions(filing),
        *_decision(tale, filing),
    ]
    return sorted(steps, key=lambda step: step.day)


def _validation(filing: Filing) -> Iterator[Step]:
    if filing.validation_questions is not None and filing.validation_answered is not None:
        asked = "asks for what makes the dossier complete"
        yield Step(filing.validation_questions, "receive-validation-questions", {}, asked)
        yield Step(filing.validation_answered, "answer-validation-questions", {}, "has what it asked for")
    if filing.validated is not None:
        yield Step(filing.validated, "validate", {}, "valid")


def _questions(filing: Filing) -> Iterator[Step]:
    if filing.questions is None:
        return
    part = {"part": filing.part} if filing.part else {}
    where = f" on Part {filing.part}" if filing.part else ""
    yield Step(filing.questions, "receive-questions", part, f"REQUEST FOR INFORMATION{where}: its clock runs")
    if filing.answered is not None:
        told = f"answered after {filing.answered - filing.questions} days"
        yield Step(filing.answered, "answer-questions", {}, told)


def _conclusions(filing: Filing) -> Iterator[Step]:
    for part, day in (("I", filing.part_i), ("II", filing.part_ii)):
        if day is not None:
            about = {"part": part, "conclusion": "acceptable"}
            yield Step(day, "conclude-part", about, f"Part {part} is acceptable")


def _decision(tale: Tale, filing: Filing) -> Iterator[Step]:
    if filing.decided is None:
        return
    dossier = dossier_of(tale, filing)
    about: dict[str, Any] = {"reference": filing.reference, "covers": _covers(tale, filing), "documents": dossier}
    if filing.expires is not None:
        about["expires_on"] = tale.calendar(filing.expires)
    if filing.key == "fr-authority":
        about["conditions"] = [CONDITION]
    how = "by its silence" if filing.how == "approve-tacitly" else f"under {filing.reference}"
    yield Step(filing.decided, filing.how, about, f"APPROVED {how}")


def dossier_of(tale: Tale, filing: Filing) -> list[Object]:
    """The document versions that are submitted: those kept here, the letter, and what is kept elsewhere."""
    kept = [(one.type_id, tale.documents[one.key], one.version) for one in _papers(tale, filing)]
    letters = (COVER[filing.body],) if filing.kind != "notification" else ()
    with_first = filing.wave == 1 and filing.body == "competent_authority"
    elsewhere = (*letters, *(ELSEWHERE[filing.country] if with_first else ()))
    sent = [(one, f"archive:{filing.key}-{one}", "1.0") for one in elsewhere]
    return [{"tmf_unique_id": one, "document_id": key, "version": number} for one, key, number in (*kept, *sent)]


def _papers(tale: Tale, filing: Filing) -> list[Paper]:
    """The story's versions that a submission names: of its wave, else the newest before."""
    found = {one.key: one for one in tale.story.documents if one.wave <= filing.wave}
    return [found[key] for key in filing.documents]


def _covers(tale: Tale, filing: Filing) -> list[str]:
    return [f"{COVERED[one.type_id]} {one.version}" for one in _papers(tale, filing) if one.type_id in COVERED]
