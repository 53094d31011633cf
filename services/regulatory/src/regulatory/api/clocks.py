"""Routes of regulatory clocks, of the rules they follow, and of what another rule would change."""

from datetime import date
from typing import Annotated, Any

from chassis import clock as wall
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, CountryCode, Given, Identifier, Request, StepRequest, Text, condition_of
from chassis.http.paging import Page, Paging, encode_cursor
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime
from pydantic import Field, StringConstraints

from regulatory.domain.clock_messages import AboutType, EndClock, ExtendClockByBody, PauseClock, ReopenClock, StopClock
from regulatory.domain.clock_rules import CLOCK_RULES, AppliesTo, ClockRule
from regulatory.domain.clock_state import Status
from regulatory.domain.simulation import Moved
from regulatory.handlers import clocks as handlers
from regulatory.queries.clocks import Asked, simulated
from regulatory.store import CLOCKS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.ADMIN))]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,79}$")]
"""A record's key elsewhere. It is published: no name of a person, no text."""
Before = Annotated[date | None, Query(description="Clocks whose last day in time lies before this one")]


class StartClockRequest(StepRequest):
    """A period to begin; `occurred_at` is its anchor. `due_on` only where the body itself has set the end."""

    study_id: Identifier
    rule_id: Code
    about_id: Key
    country: CountryCode | None = None
    site_id: Identifier | None = None
    due_on: date | None = Field(None, ge=date(1950, 1, 1), lt=date(2200, 1, 1))


class ExtendClockRequest(Request):
    """A later end that the body has set, also at the sponsor's asking; `occurred_at` is when it did."""

    occurred_at: BusinessTime
    reason: Text
    due_on: date = Field(ge=date(1950, 1, 1), lt=date(2200, 1, 1))
    reference: Key | None = Field(None, description="The reference of the body's letter")


class SimulationRequest(Request):
    """A rule as it might have been, and the days on which the clocks began that it is tried on."""

    rule: ClockRule
    since: date = Field(ge=date(1950, 1, 1))
    until: date = Field(lt=date(2200, 1, 1))
    study_id: Identifier | None = None
    country: CountryCode | None = None


def clocks_wanted(  # noqa: PLR0913, PLR0917 - a filter each
    study_id: Given = None,
    site_id: Given = None,
    country: Given = None,
    status: Status | None = None,
    about_type: AboutType | None = None,
    about_id: Given = None,
    rule_id: Given = None,
    due_before: Before = None,
) -> dict[str, Any]:
    """FastAPI dependency: the condition on stored clocks that a list's filters ask for."""
    period = {
        "country": country,
        "site_id": site_id,
        "about_type": about_type,
        "about_id": about_id,
        "rule_id": rule_id,
    }
    asked = {"study": study_id, "state.status": status, **{f"state.period.{name}": one for name, one in period.items()}}
    due = {"state.deadline.due_on": {"$lt": due_before.isoformat()}} if due_before is not None else {}
    return {**condition_of(asked), **due}


ClocksWanted = Annotated[dict[str, Any], Depends(clocks_wanted)]


def router(database: Database) -> APIRouter:
    """The routes of clocks."""
    routes = APIRouter(prefix="/v1/clocks", tags=["clocks"])
    _add_reads(routes, database)
    _add_steps(routes)

    @routes.post("", status_code=201)
    async def start_clock(body: StartClockRequest, at: Managing) -> JSONResponse:
        """Begin the period of an obligation that the platform does not see by itself."""
        clock_id = at.new_id("clock")
        about = body.model_dump(exclude={"occurred_at", "reason"})
        command = handlers.start_obligation(clock_id, handlers.Obligation(**about, since=body.occurred_at))
        return await at.carry_out(CLOCKS, clock_id, command, reason=body.reason, created=True)

    @routes.post("/simulate")
    async def simulate_clock_rule(body: SimulationRequest, caller: Caller, wanted: Paging) -> Page[Moved]:
        """Which stored deadlines would a changed or added rule have moved? Nothing is changed."""
        asked = Asked(**{name: value for name, value in body if name != "rule"}, rule=body.rule)
        return await simulated(database, caller.scope, asked, wanted, wall.now())

    return routes


def rules_router() -> APIRouter:
    """The routes of the rules."""
    routes = APIRouter(prefix="/v1/clock-rules", tags=["clocks"])

    @routes.get("")
    async def list_clock_rules(
        _: Caller,
        wanted: Paging,
        jurisdiction: Given = None,
        applies_to: AppliesTo | None = None,
        anchor: Given = None,
    ) -> Page[ClockRule]:
        """The rules that clocks follow, every version of each, with how sure their source is."""
        asked = condition_of({"jurisdiction": jurisdiction, "applies_to": applies_to, "anchor": anchor})
        rows = [row for row in CLOCK_RULES.rows if all(getattr(row, name) == one for name, one in asked.items())]
        after = wanted.after(asked)
        rows = sorted((row for row in rows if after is None or _place(row) > str(after[0])), key=_place)
        page, more = rows[: wanted.limit], len(rows) > wanted.limit
        return Page(items=page, next=encode_cursor([_place(page[-1])], asked) if more else None)

    return routes


def _place(row: ClockRule) -> str:
    """Where a row stands in the list: by its id, then by its version."""
    return f"{row.id} {row.version:04d}"


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("")
    async def list_clocks(  # pyright: ignore[reportUnusedFunction]
        condition: ClocksWanted, caller: Caller, wanted: Paging
    ) -> Page[dict[str, Any]]:
        """Clocks within the caller's scope."""
        return await reading.page(database, caller.scope, CLOCKS, condition, wanted)

    @routes.get("/{clock_id}")
    async def read_clock(clock_id: str, caller: Caller, response: Response) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """One clock; its version as ETag."""
        return await reading.answered(database, caller.scope, CLOCKS, clock_id, response)


def _add_steps(routes: APIRouter) -> None:
    @routes.post("/{clock_id}/stop")
    async def stop_clock(clock_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note that what was due was done, in time or late by its date."""
        return await at.carry_on(CLOCKS, clock_id, StopClock(occurred_at=body.occurred_at), reason=body.reason)

    @routes.post("/{clock_id}/end")
    async def end_clock(clock_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note that what was due is due no more: neither kept nor missed."""
        return await at.carry_on(CLOCKS, clock_id, EndClock(occurred_at=body.occurred_at), reason=body.reason)

    @routes.post("/{clock_id}/reopen")
    async def reopen_clock(clock_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Take back that it was stopped or ended: it runs as before."""
        command = ReopenClock(occurred_at=body.occurred_at, now=wall.now())
        return await at.carry_on(CLOCKS, clock_id, command, reason=body.reason)

    @routes.post("/{clock_id}/pause")
    async def pause_clock(clock_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Let no further day count."""
        return await at.carry_on(CLOCKS, clock_id, PauseClock(occurred_at=body.occurred_at), reason=body.reason)

    @routes.post("/{clock_id}/resume")
    async def resume_clock(clock_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Let days count again from the next one on; the end is reckoned anew."""
        command = handlers.resume_clock(clock_id, body.occurred_at)
        return await at.carry_out(CLOCKS, clock_id, command, reason=body.reason)

    @routes.post("/{clock_id}/extend")
    async def extend_clock(clock_id: str, body: ExtendClockRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note that the body has set a later end, in time: what seemed missed may be open again."""
        facts = body.model_dump(include={"occurred_at", "due_on", "reference"})
        command = ExtendClockByBody.model_validate({**facts, "now": wall.now()})
        return await at.carry_on(CLOCKS, clock_id, command, reason=body.reason)
