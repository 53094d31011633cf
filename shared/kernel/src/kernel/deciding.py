"""Frozen bases of the decider pattern: `decide(state, command) -> events`, `evolve(state, event) -> state`."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from kernel.business_time import BusinessTime

S = TypeVar("S", bound="State")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Command(_Frozen):
    """What somebody asks for. `occurred_at` is when it happened, perhaps entered late; None: not reported."""

    occurred_at: BusinessTime | None


class Event(_Frozen):
    """What has happened. Private to its service; `publishing` maps it to the public language."""

    occurred_at: BusinessTime | None


class State(_Frozen):
    """What is so: the fold of an aggregate's events."""


def changed(state: S, **updates: Any) -> S:
    """Copy with updates *and* validation, which pydantic's `model_copy` leaves out."""
    return type(state).model_validate({**dict(state), **updates})
