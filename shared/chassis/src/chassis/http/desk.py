"""The desk at which an HTTP route hands a command over: who asks, under which key, based on which version."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from kernel import Command, derived_id

from chassis import failpoints
from chassis.commands import Aggregate, Builder, Commands, Instruction, Outcome, Unit
from chassis.http.auth import Caller, requires
from chassis.http.requests import etag, fingerprint, idempotency_key, if_match
from chassis.http.roles import Role
from chassis.journal import Context
from chassis.scope import Scope


@dataclass(frozen=True)
class Desk:
    """One request's right to give commands within the caller's scope."""

    scope: Scope
    context: Context
    commands: Commands

    async def carry_out(
        self,
        aggregate: Aggregate[Any, Any, Any],
        aggregate_id: str,
        command: Builder[Command],
        *,
        reason: str | None = None,
        created: bool = False,
    ) -> JSONResponse:
        """Carry out one command and answer with the aggregate as it is after, its version as ETag."""
        context = replace(self.context, reason=reason)
        outcome = await self.commands.carry_out(self.scope, Instruction(aggregate, aggregate_id, command, context))
        await failpoints.reach("before-answer")
        return answered(outcome, status=201 if created else 200)

    async def carry_on(
        self,
        aggregate: Aggregate[Any, Any, Any],
        aggregate_id: str,
        command: Command,
        *,
        reason: str | None = None,
    ) -> JSONResponse:
        """Carry out a command on an aggregate that must be there."""
        return await self.carry_out(aggregate, aggregate_id, existing(aggregate, aggregate_id, command), reason=reason)

    def over(self, content_sha256: str) -> "Desk":
        """The same desk for a request whose body was a file: what tells whether a repeated key means the same."""
        told = f"{self.context.fingerprint}:{content_sha256}"
        return replace(self, context=replace(self.context, fingerprint=told))

    def new_id(self, kind: str) -> str:
        """The id of an aggregate this request makes; the same again when the request is repeated."""
        return derived_id(kind, self.context.command_id)


class desk:  # noqa: N801 - reads as a word in a route: Depends(desk(Role.OPERATIONS))
    """FastAPI dependency: a `Desk` for callers with one of these roles. Raises the 400, 401 or 403 problem."""

    def __init__(self, *roles: Role, takes_file: bool = False) -> None:
        """Let these roles give the command. `takes_file`: the route reads the body itself, then asks `Desk.over`."""
        self._requires = requires(*roles)
        self._takes_file = takes_file

    async def __call__(
        self,
        request: Request,
        caller: Caller,
        key: Annotated[str, Depends(idempotency_key)],
        version: Annotated[int | None, Depends(if_match)],
    ) -> Desk:
        """Put together what surrounds the command."""
        await self._requires(caller)
        await request.app.state.backlog.check()
        context = Context(
            command_id=derived_id("command", caller.subject, repr(caller.scope), key),
            actor=caller.actor,
            fingerprint=fingerprint(request.method, request.scope["path"], await self._told(request)),
            expected_version=version,
        )
        return Desk(caller.scope, context, request.app.state.commands)

    async def _told(self, request: Request) -> bytes:
        return request.url.query.encode() if self._takes_file else await request.body()


def answered(outcome: Outcome, *, status: int) -> JSONResponse:
    """The HTTP answer of an outcome that is no error."""
    return JSONResponse(dict(outcome.answer or {}), status, headers={"ETag": etag(outcome.version)})


def existing(aggregate: Aggregate[Any, Any, Any], aggregate_id: str, command: Command) -> Builder[Any]:
    """A command for an aggregate that must be there: the 404 problem where it is not, or is another sponsor's."""

    async def build(unit: Unit) -> Command:
        await unit.require(aggregate, aggregate_id)
        return command

    return build
