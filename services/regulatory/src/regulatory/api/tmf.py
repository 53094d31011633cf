"""Routes of a study's trial master file: what it must hold, how complete it is, its lock."""

from typing import Annotated, Any, Final

from chassis import clock
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, CountryCode, Given, Identifier, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from kernel import DateOnly
from pydantic import Field

from regulatory.domain.tmf_expectations import RULES, Place
from regulatory.domain.tmf_messages import AdoptTmfRules, UnlockTmf
from regulatory.domain.tmf_reference import Level
from regulatory.domain.tmf_status import Status, day_of
from regulatory.handlers import tmf as handlers
from regulatory.handlers.known import in_study
from regulatory.queries import tmf as queries
from regulatory.store import TMF_DOCUMENTS, TMFS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.ADMIN))]
Closing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.QUALITY, Role.ADMIN))]
DAY: Final = r"^\d{4}-\d{2}-\d{2}$"


class OpenTmfRequest(StepRequest):
    """A file to begin; under the newest version of the expectation rules unless another is named."""

    rules_version: int | None = Field(default=None, ge=1, le=10_000)


class AdoptRulesRequest(StepRequest):
    """The version of the expectation rules to move on to."""

    rules_version: int = Field(ge=1, le=10_000)


class ExpectDocumentRequest(StepRequest):
    """A document to expect by hand; due at once unless a day is named."""

    unique_id: int = Field(ge=1, le=9_999, description="Unique id of the artifact in the TMF Reference Model")
    level: Level
    country: CountryCode | None = None
    site_id: Identifier | None = None
    person_id: Identifier | None = None
    organisation_id: Identifier | None = None
    occurrence: Code | None = Field(default=None, description="What tells it from others of its kind and place")
    milestone: str | None = Field(default=None, pattern=r"^\d{2}$")
    due_on: DateOnly | None = None


def as_of_wanted(as_of: Annotated[str | None, Query(pattern=DAY)] = None) -> str | None:
    """FastAPI dependency: the day asked about, by the dates of the recorded facts; None is today. Raises 422."""
    return None if as_of is None else handlers.calendar_day(as_of)


def documents_wanted(  # noqa: PLR0913 - the filters of a list
    study_id: str,
    *,
    country: Given = None,
    site_id: Given = None,
    zone: Annotated[str | None, Query(pattern=r"^\d{2}$")] = None,
    milestone: Annotated[str | None, Query(pattern=r"^\d{2}$")] = None,
    level: Level | None = None,
    unique_id: Annotated[int | None, Query(ge=1, le=9_999)] = None,
    after_lock: Annotated[bool, Query(description="Only what an event changed in a locked file")] = False,
) -> dict[str, Any]:
    """FastAPI dependency: the condition on stored documents that the filters ask for."""
    about = {"country": country, "site_id": site_id, "zone": zone, "milestone": milestone, "level": level}
    condition = condition_of({"study": study_id, **{f"state.{field}": value for field, value in about.items()}})
    condition |= queries.AFTER_LOCK if after_lock else {}
    return {**condition, **({} if unique_id is None else {"state.artifact.unique_id": unique_id})}


AsOf = Annotated[str | None, Depends(as_of_wanted)]
Wanted = Annotated[dict[str, Any], Depends(documents_wanted)]
Statuses = Annotated[list[Status] | None, Query(description="Only documents of these statuses on that day")]


def router(database: Database) -> APIRouter:
    """The routes of trial master files."""
    routes = APIRouter(prefix="/v1/studies/{study_id}/tmf", tags=["trial master files"])
    _add_reads(routes, database)

    @routes.post("/open", status_code=201)
    async def open_tmf(study_id: str, body: OpenTmfRequest, at: Managing) -> JSONResponse:
        """Begin the file of a study that was taken over from elsewhere; one registered here has its file already."""
        command = handlers.begin_tmf(study_id, body.occurred_at, body.rules_version)
        return await at.carry_out(TMFS, study_id, command, reason=body.reason, created=True)

    @routes.post("/rules")
    async def adopt_tmf_rules(study_id: str, body: AdoptRulesRequest, at: Managing) -> JSONResponse:
        """Expect documents by another version of the rules; what happened before is gone over under them."""
        facts = {"occurred_at": body.occurred_at, "rules_version": body.rules_version, "newest": RULES.current}
        command = AdoptTmfRules.model_validate(facts)
        return await at.carry_out(TMFS, study_id, in_study(study_id, command), reason=body.reason)

    @routes.post("/documents", status_code=201)
    async def expect_tmf_document(study_id: str, body: ExpectDocumentRequest, at: Managing) -> JSONResponse:
        """Expect a document by hand, beside what the rules expect."""
        place = Place(**body.model_dump(include=set(Place.__dataclass_fields__)))
        facts = body.model_dump(include={"occurred_at", "milestone", "due_on"})
        due = facts["due_on"] or day_of(body.occurred_at)
        command = handlers.expect_by_hand(study_id, place, {**facts, "due_on": due, "by": at.context.actor.id})
        key = place.id_in(study_id)
        return await at.carry_out(TMF_DOCUMENTS, key, command, reason=body.reason, created=True)

    @routes.post("/lock")
    async def lock_tmf(study_id: str, body: StepRequest, at: Closing) -> JSONResponse:
        """Close the file; refused with everything that is due and missing, returned or in review."""
        command = handlers.lock_tmf(study_id, body.occurred_at)
        return await at.carry_out(TMFS, study_id, command, reason=body.reason)

    @routes.post("/unlock")
    async def unlock_tmf(study_id: str, body: StepRequest, at: Closing) -> JSONResponse:
        """Open a locked file again; the reason is needed."""
        command = UnlockTmf(occurred_at=body.occurred_at, grounds=body.reason)
        return await at.carry_out(TMFS, study_id, in_study(study_id, command), reason=body.reason)

    return routes


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("")
    async def read_tmf(  # pyright: ignore[reportUnusedFunction]
        study_id: str, caller: Caller, as_of: AsOf
    ) -> dict[str, Any]:
        """Whether the file is ready for an inspection: zones and figures, what is overdue, quality, locks."""
        on = as_of or today()
        return await queries.readiness(database, caller.scope, study_id, on, past=as_of is not None)

    @routes.get("/completeness")
    async def read_tmf_completeness(
        study_id: str,
        caller: Caller,
        condition: Wanted,
        wanted: Paging,
        as_of: AsOf,
        by: queries.Dimension = "study",
    ) -> Page[dict[str, Any]]:
        """Completeness of what is due on a day, by a dimension; waived and not due are no part of it."""
        await queries.file_of(database, caller.scope, study_id)
        on, past = as_of or today(), as_of is not None
        return await queries.completeness(database, caller.scope, condition, by, on, wanted, past=past)

    @routes.get("/documents")
    async def list_tmf_documents(
        study_id: str,
        caller: Caller,
        condition: Wanted,
        wanted: Paging,
        as_of: AsOf,
        status: Statuses = None,
    ) -> Page[dict[str, Any]]:
        """The documents of the file with their status on a day."""
        await queries.file_of(database, caller.scope, study_id)
        on, past = as_of or today(), as_of is not None
        return await queries.documents(database, caller.scope, condition, status or (), on, wanted, past=past)


def today() -> str:
    """The day it is, in UTC."""
    return clock.now().date().isoformat()
