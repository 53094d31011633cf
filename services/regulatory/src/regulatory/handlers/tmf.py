"""Commands for trial master files and their documents, completed with what the study's file and records say."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from chassis.commands import Builder, Unit
from chassis.problems import Problem, not_found

from regulatory.domain.tmf import Tmf
from regulatory.domain.tmf_commands import (
    ExpectDocument,
    FileVersion,
    ReceiveVersion,
    ReleaseDocument,
    ReturnVersion,
    StartQc,
    WaiveDocument,
)
from regulatory.domain.tmf_document_state import TmfDocument
from regulatory.domain.tmf_expectations import RULES, Place
from regulatory.domain.tmf_messages import LockTmf, OpenTmf, Outstanding
from regulatory.domain.tmf_status import Status, day_of, status_on
from regulatory.handlers.known import require_site, require_study
from regulatory.handlers.tmf_expecting import open_tmf, turn_of
from regulatory.store import TMF_DOCUMENTS, TMFS

ByPerson = ReceiveVersion | StartQc | ReturnVersion | FileVersion | WaiveDocument | ReleaseDocument
ByPersonT = TypeVar("ByPersonT", bound=ByPerson)

MAY_BE_OPEN = (
    *({"state.standing.stage": stage} for stage in ("awaited", "in_review", "returned")),
    *({"state.standing.review": review} for review in ("in_review", "returned")),
)
"""What could keep a file open, whatever the day."""


def calendar_day(text: str) -> str:
    """A day of the calendar. Raises the 422 problem for one that is none."""
    try:
        return day_of(text)
    except ValueError as error:
        raise Problem(422, "invalid_day", str(error), field="as_of") from error


def begin_tmf(study_id: str, at: str, version: int | None) -> Builder[OpenTmf]:
    """Begin the file of a study that is known: one taken over from elsewhere has none until then.

    It begins under the newest rules, or under the older ones that its TMF plan follows.
    """

    async def build(unit: Unit) -> OpenTmf:
        study = await require_study(unit, study_id)
        return open_tmf(study_id, study["sponsor"], at, version or RULES.current)

    return build


def on_document(document_id: str, command: type[ByPersonT], facts: Mapping[str, Any]) -> Builder[ByPersonT]:
    """A person's command on a document, with whether the study's file is locked."""

    async def build(unit: Unit) -> ByPersonT:
        document = await unit.require(TMF_DOCUMENTS, document_id)
        tmf = await _require_tmf(unit, document.study_id)
        return command.model_validate({**facts, "locked_on": tmf.locked_since})

    return build


def expect_by_hand(study_id: str, place: Place, facts: Mapping[str, Any]) -> Builder[ExpectDocument]:
    """Expect a document of a study that has a file, and of a site of it where one is named; the site has a country."""

    async def build(unit: Unit) -> ExpectDocument:
        tmf = await _require_tmf(unit, study_id)
        if place.site_id is not None:
            await require_site(unit, study_id, place.site_id)
        about = {"tmf_document_id": place.id_in(study_id), "study_id": study_id, "sponsor_id": tmf.sponsor_id}
        return ExpectDocument.model_validate({**vars(place), **facts, **about, "locked_on": tmf.locked_since})

    return build


def lock_tmf(study_id: str, at: str) -> Builder[LockTmf]:
    """Close the file; what is due and open on that day is read in the same transaction."""

    async def build(unit: Unit) -> LockTmf:
        await require_study(unit, study_id)
        await unit.in_turn(turn_of(study_id))
        found = [await unit.every(TMF_DOCUMENTS, {"study": study_id, **open_one}) for open_one in MAY_BE_OPEN]
        documents = {one.tmf_document_id: one for some in found for one in some}
        return LockTmf(occurred_at=at, outstanding=outstanding(documents.values(), day_of(at)))

    return build


def outstanding(documents: Iterable[TmfDocument], on: str) -> tuple[Outstanding, ...]:
    """What keeps a file from being locked: due and missing, returned, or still in review; by artifact and status."""
    found: dict[tuple[int, str], list[str]] = {}
    for one in documents:
        status = _open_status(one, on)
        if status is not None:
            found.setdefault((one.artifact.unique_id, status), []).append(one.tmf_document_id)
    return tuple(
        Outstanding(unique_id=unique_id, status=status, tmf_document_ids=tuple(sorted(ids)))
        for (unique_id, status), ids in sorted(found.items())
    )


def _open_status(document: TmfDocument, on: str) -> Status | None:
    standing = document.standing
    if standing.review != "none":
        return standing.review
    status = status_on(standing, on)
    return status if status in {"missing", "in_review", "returned"} else None


async def _require_tmf(unit: Unit, study_id: str) -> Tmf:
    await unit.in_turn(turn_of(study_id))
    tmf = await unit.find(TMFS, study_id)
    if tmf is None:
        raise not_found(TMFS.name, study_id)
    return tmf
