"""What the routes of organisations and people share: their callers, their filters, and merging."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

from chassis.commands import Aggregate
from chassis.http.desk import Desk, answered, desk
from chassis.http.fields import Identifier, StepRequest
from chassis.http.roles import Role
from chassis.journal import Context
from fastapi import Depends
from fastapi.responses import JSONResponse

from sites.handlers.merging import Merging, merge, unmerge

Keeping = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class MergeRequest(StepRequest):
    """The record that survives."""

    into: Identifier


class UnmergeRequest(StepRequest):
    """The record into which this one was merged by mistake."""

    out_of: Identifier


async def merge_records(at: Desk, aggregate: Aggregate[Any, Any, Any], key: str, body: MergeRequest) -> JSONResponse:
    """Merge a record into another; the answer is the merged one."""
    return await _both(at, body.reason, lambda context: merge(aggregate, key, body.into, body.occurred_at, context))


async def unmerge_record(at: Desk, aggregate: Aggregate[Any, Any, Any], key: str, body: UnmergeRequest) -> JSONResponse:
    """Let a merged record stand for itself again; the answer is that record."""
    return await _both(at, body.reason, lambda context: unmerge(aggregate, key, body.out_of, body.occurred_at, context))


async def _both(at: Desk, reason: str | None, instructions: Callable[[Context], Merging]) -> JSONResponse:
    outcomes = await at.commands.carry_out_all(at.scope, instructions(replace(at.context, reason=reason)))
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return answered(outcomes[0], status=200)
