"""Merging of master records that turn out to be one: the merged record points to the one that survives.

Nothing is rewritten. What refers to the merged record goes on referring to it and is found through the pointer, so
that un-merging puts everything back exactly where it was. Both records note the merge, in one transaction: two merges
at the same time, each into the other's record, cannot both succeed.
"""

from collections.abc import Sequence
from typing import TypeVar

from kernel import Command, Event, Reason, Refused, State, changed

ABSORBED_MAX = 100


# Commands


class MergeInto(Command):
    """Note on a record that it is the same as the one that survives, of which the other fields are facts."""

    into: str
    into_merged: str | None
    into_absorbed: int = 0


class Absorb(Command):
    """Note on the survivor that the other record is the same; `other_merged` is what the other points to."""

    other: str
    other_merged: str | None


class Unmerge(Command):
    """Note on a merged record that it stands for itself again."""


class Release(Command):
    """Note on the survivor that the other record stands for itself again."""

    other: str
    other_merged: str | None


MergingCommand = MergeInto | Absorb | Unmerge | Release


# Events


class RecordMerged(Event):
    """The record is the same as another, which survives."""

    into: str


class RecordAbsorbed(Event):
    """Another record is the same as this one."""

    other: str


class RecordUnmerged(Event):
    """The record stands for itself again; it was merged into the other by mistake."""

    out_of: str


class RecordReleased(Event):
    """The other record stands for itself again."""

    other: str


MergingEvent = RecordMerged | RecordAbsorbed | RecordUnmerged | RecordReleased


# State


class Mergeable(State):
    """A master record that may turn out to be the same as another."""

    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()


M = TypeVar("M", bound=Mergeable)


# Decide


def decide_merging(record: Mergeable, own_id: str, command: MergingCommand) -> Sequence[MergingEvent]:
    """What follows from the command."""
    match command:
        case MergeInto():
            return _merge(record, own_id, command)
        case Absorb():
            return _absorb(record, own_id, command)
        case Unmerge():
            if record.merged_into is None:
                return []
            return [RecordUnmerged(occurred_at=command.occurred_at, out_of=record.merged_into)]
        case Release():
            return _release(record, own_id, command)


def _merge(record: Mergeable, own_id: str, command: MergeInto) -> list[MergingEvent]:
    if record.merged_into == command.into:
        return []
    reasons: list[Reason] = []
    if command.into == own_id:
        reasons.append(Reason(code="same_record", field="into", detail="A record cannot be merged into itself."))
    if record.merged_into is not None:
        detail = f"The record is already merged into {record.merged_into}: un-merge it first."
        reasons.append(Reason(code="already_merged", detail=detail))
    if command.into_merged is not None:
        detail = f"The record {command.into} is itself merged: merge into {command.into_merged}, which survives."
        reasons.append(Reason(code="survivor_merged", field="into", detail=detail))
    if command.into_absorbed >= ABSORBED_MAX:
        detail = f"{ABSORBED_MAX} records are merged into {command.into} already: look into how they came to be."
        reasons.append(Reason(code="too_many_merged", field="into", detail=detail))
    if reasons:
        raise Refused(*reasons)
    return [RecordMerged(occurred_at=command.occurred_at, into=command.into)]


def _absorb(record: Mergeable, own_id: str, command: Absorb) -> list[MergingEvent]:
    if command.other in record.absorbed:
        return []
    if command.other_merged != own_id:
        detail = f"The record {command.other} is not merged into this one."
        raise Refused(Reason(code="not_merged", field="other", detail=detail))
    return [RecordAbsorbed(occurred_at=command.occurred_at, other=command.other)]


def _release(record: Mergeable, own_id: str, command: Release) -> list[MergingEvent]:
    if command.other not in record.absorbed:
        return []
    if command.other_merged == own_id:
        detail = f"The record {command.other} is still merged into this one."
        raise Refused(Reason(code="still_merged", field="other", detail=detail))
    return [RecordReleased(occurred_at=command.occurred_at, other=command.other)]


def require_standing(record: Mergeable) -> None:
    """Refuse to change a record that is merged: what is new belongs to the one that survives."""
    if record.merged_into is not None:
        detail = f"The record is merged into {record.merged_into}: change that one, or un-merge this one first."
        raise Refused(Reason(code="record_merged", detail=detail))


# Evolve


def evolve_merging(record: M, event: MergingEvent) -> M:
    """Apply one event."""
    match event:
        case RecordMerged():
            return changed(record, merged_into=event.into)
        case RecordUnmerged():
            return changed(record, merged_into=None)
        case RecordAbsorbed():
            return changed(record, absorbed=(*record.absorbed, event.other))
        case RecordReleased():
            return changed(record, absorbed=tuple(one for one in record.absorbed if one != event.other))
