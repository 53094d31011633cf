"""Merging of two master records: one instruction for each of them, carried out in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chassis.commands import Aggregate, Builder, Instruction, Unit
from chassis.journal import Context
from kernel import BusinessTime, Reason, Refused, derived_id

from sites.domain.merging import Absorb, MergeInto, Release, Unmerge

Merging = Sequence[Instruction[Any, Any, Any]]
FactOf = Callable[[str | None], Absorb | Release]


def merge(aggregate: Aggregate[Any, Any, Any], key: str, into: str, at: BusinessTime, context: Context) -> Merging:
    """Merge a record into the one that survives; both note it, or neither."""

    async def build(unit: Unit) -> MergeInto:
        await unit.require(aggregate, key)
        survivor = await unit.require(aggregate, into)
        facts = {"into_merged": survivor.merged_into, "into_absorbed": len(survivor.absorbed)}
        return MergeInto.model_validate({"occurred_at": at, "into": into, **facts})

    def absorb(merged_into: str | None) -> Absorb:
        return Absorb(occurred_at=at, other=key, other_merged=merged_into)

    return _both(aggregate, (key, build), (into, _knowing(aggregate, key, absorb)), context)


def unmerge(aggregate: Aggregate[Any, Any, Any], key: str, out_of: str, at: BusinessTime, context: Context) -> Merging:
    """Let a record stand for itself again; both note it, or neither."""

    async def build(unit: Unit) -> Unmerge:
        record = await unit.require(aggregate, key)
        if record.merged_into not in {None, out_of}:
            detail = f"The record is merged into {record.merged_into}, not into {out_of}."
            raise Refused(Reason(code="not_merged", field="out_of", detail=detail))
        return Unmerge(occurred_at=at)

    def release(merged_into: str | None) -> Release:
        return Release(occurred_at=at, other=key, other_merged=merged_into)

    return _both(aggregate, (key, build), (out_of, _knowing(aggregate, key, release)), context)


def _knowing(aggregate: Aggregate[Any, Any, Any], key: str, command: FactOf) -> Builder[Any]:
    """The second of the two: it rests on what has become of the first within the same transaction."""

    async def build(unit: Unit) -> Absorb | Release:
        record = await unit.require(aggregate, key)
        return command(record.merged_into)

    return build


def _both(
    aggregate: Aggregate[Any, Any, Any],
    first: tuple[str, Builder[Any]],
    second: tuple[str, Builder[Any]],
    context: Context,
) -> Merging:
    (key, command), (other, following) = first, second
    noted = replace(context, command_id=derived_id("merging", context.command_id), expected_version=None)
    return (
        Instruction(aggregate, key, command, context),
        Instruction(aggregate, other, following, replace(noted, causation_id=context.command_id), answered=False),
    )
