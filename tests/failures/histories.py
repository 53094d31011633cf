"""Histories made up from a seed: a good one, and what can be done to it so that a promise is broken."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from checkers import Kind
from evidence import Entry, Evidence, Kept, Tally, Told
from ledger import Operation

AGGREGATES: Final = 6
COMMANDS: Final = 60


def chance_of(seed: int) -> random.Random:
    """Chance that can be had again."""
    return random.Random(seed)  # noqa: S311 - nobody gains by guessing it


def good(chance: random.Random) -> Evidence:
    """A history in which every promise is kept; some records are in Kafka twice, as they may be."""
    versions = dict.fromkeys((f"count-{number}" for number in range(AGGREGATES)), 0)
    operations: list[Operation] = []
    entries: list[Entry] = []
    for number in range(COMMANDS):
        aggregate = f"count-{number % AGGREGATES}"
        before = versions[aggregate]
        versions[aggregate] = after = before + chance.choice((1, 1, 2))
        told = tuple((version, f"{aggregate}.{version}") for version in range(before + 1, after + 1))
        operations.append(Operation(f"command-{number}", "test", "ok", aggregate, after))
        entries.append(Entry("test", f"command-{number}", aggregate, before, after, told))
    operations.append(Operation("command-refused", "test", "failed", doomed=True))
    told = [Told(one, entry.aggregate, version, one) for entry in entries for version, one in entry.told]
    again = chance.randrange(len(told) - 5)
    return Evidence(
        operations=operations,
        entries=entries,
        kept=[Kept("test", aggregate, version) for aggregate, version in versions.items()],
        told=[*told[: again + 5], *told[again:]],
        shown=[record.event_id for record in told],
        tallies=[Tally("counts", AGGREGATES, AGGREGATES)],
    )


def _without_entry(history: Evidence, chance: random.Random) -> None:
    entry = chance.choice(history.entries)
    history.entries = [one for one in history.entries if one is not entry]


def _without_record(history: Evidence, chance: random.Random) -> None:
    event_id = chance.choice(history.told).event_id
    history.told = [one for one in history.told if one.event_id != event_id]


def _not_shown(history: Evidence, chance: random.Random) -> None:
    event_id = chance.choice(history.shown)
    history.shown = [one for one in history.shown if one != event_id]


def _counted(by: int) -> Callable[[Evidence, random.Random], None]:
    def change(history: Evidence, _: random.Random) -> None:
        history.tallies = [replace(one, shown=one.shown + by) for one in history.tallies]

    return change


def _invented_record(history: Evidence, chance: random.Random) -> None:
    invented = replace(chance.choice(history.told), event_id="invented")
    history.told = [*history.told, invented]


def _state_behind(history: Evidence, chance: random.Random) -> None:
    kept = chance.choice(history.kept)
    history.kept = [replace(one, version=one.version - 1) if one is kept else one for one in history.kept]


def _state_ahead(history: Evidence, chance: random.Random) -> None:
    kept = chance.choice(history.kept)
    history.kept = [replace(one, version=one.version + 1) if one is kept else one for one in history.kept]


def _refused_and_done(history: Evidence, chance: random.Random) -> None:
    entry = chance.choice(history.entries)
    history.entries = [replace(one, command_id="command-refused") if one is entry else one for one in history.entries]


def _done_twice(history: Evidence, chance: random.Random) -> None:
    history.entries = [*history.entries, replace(chance.choice(history.entries), command_id="again")]


def _answered_twice(history: Evidence, chance: random.Random) -> None:
    operation = chance.choice([one for one in history.operations if one.outcome == "ok"])
    history.operations = [*history.operations, replace(operation, command_id="again")]


def _told_differently(history: Evidence, chance: random.Random) -> None:
    history.told = [*history.told, replace(chance.choice(history.told), digest="another")]


def _shown_twice(history: Evidence, chance: random.Random) -> None:
    history.shown = [*history.shown, chance.choice(history.shown)]


def _swapped(history: Evidence, chance: random.Random) -> None:
    first = list(dict.fromkeys(history.told))
    place = chance.randrange(len(first) - 2 * AGGREGATES)
    later = next(n for n in range(place + 1, len(first)) if first[n].aggregate == first[place].aggregate)
    first[place], first[later] = first[later], first[place]
    history.told = first


def _still_pending(history: Evidence, chance: random.Random) -> None:
    entry = chance.choice(history.entries)
    history.entries = [replace(one, pending=True) if one is entry else one for one in history.entries]


def _never_answered(history: Evidence, _: random.Random) -> None:
    history.operations = [*history.operations, Operation("command-hanging", "test", "unknown")]


def _refused_for_nothing(history: Evidence, chance: random.Random) -> None:
    operation = chance.choice([one for one in history.operations if one.outcome == "ok"])
    refused = replace(operation, outcome="failed")
    history.operations = [refused if one is operation else one for one in history.operations]


def _doomed_and_accepted(history: Evidence, _: random.Random) -> None:
    history.operations = [replace(one, outcome="ok") if one.doomed else one for one in history.operations]


def _answered_unforeseen(history: Evidence, chance: random.Random) -> None:
    operation = chance.choice(history.operations)
    crashed = replace(operation, unforeseen=["unforeseen: 500"])
    history.operations = [crashed if one is operation else one for one in history.operations]


def _stalled(history: Evidence, _: random.Random) -> None:
    history.stalls = ["nothing moved for a minute"]


def _without_early_record(history: Evidence, _: random.Random) -> None:
    first = history.told[0].event_id
    history.told = [one for one in history.told if one.event_id != first]


BAD: Final[Mapping[str, tuple[Kind, Callable[[Evidence, random.Random], None]]]] = {
    "an acknowledged command is not in the journal": ("lost", _without_entry),
    "an event never came to Kafka": ("lost", _without_record),
    "an event never came to the timeline": ("lost", _not_shown),
    "something shown is counted too low": ("lost", _counted(-1)),
    "a record tells of what no journal has": ("ghost", _invented_record),
    "the journal is ahead of the state": ("ghost", _state_behind),
    "what was refused was done": ("ghost", _refused_and_done),
    "the state is ahead of the journal": ("zombie", _state_ahead),
    "an entry is there twice": ("duplicate", _done_twice),
    "two operations got the same version": ("duplicate", _answered_twice),
    "an event has two contents": ("duplicate", _told_differently),
    "an event is shown twice": ("duplicate", _shown_twice),
    "something shown is counted too high": ("duplicate", _counted(1)),
    "two events of an aggregate are exchanged": ("inversion", _swapped),
    "an early event of an aggregate is missing": ("gap", _without_early_record),
    "an entry still waits": ("stuck", _still_pending),
    "an operation was never answered": ("stuck", _never_answered),
    "nothing moved": ("stuck", _stalled),
    "a good command was refused": ("stuck", _refused_for_nothing),
    "a command was accepted that had to be refused": ("ghost", _doomed_and_accepted),
    "an answer was none that anybody foresaw": ("crash", _answered_unforeseen),
}
