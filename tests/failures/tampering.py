"""Attacks on a journal by somebody who may write anything into its database, chosen by chance from a seed."""

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from chassis.journal import OUTSIDE_HASH, UNSEALED, entry_hash

Entry = dict[str, Any]
LONG_BEFORE = timedelta(hours=6)


@dataclass
class Attack:
    """A journal after an attack, and which entries may rightly be named as the first bad one."""

    kind: str
    entries: list[Entry]
    guilty: set[str] = field(default_factory=set[str])


def edit(journal: Sequence[Entry], chance: random.Random) -> Attack:
    """Change one value somewhere in an entry; every second time with a fitting hash."""
    entries = copy.deepcopy(list(journal))
    entry = chance.choice(entries)
    _change_somewhere(entry, chance)
    if chance.random() < 0.5:
        entry["hash"] = entry_hash(entry)
    return Attack("edit", entries, {entry["_id"]})


def delete(journal: Sequence[Entry], chance: random.Random) -> Attack:
    """Take an entry away, from anywhere; sometimes join its neighbours over the gap."""
    entries = copy.deepcopy(list(journal))
    gone = entries.pop(chance.randrange(len(entries)))
    followers = _after(entries, gone)
    if followers and chance.random() < 0.5:
        followers[0]["prev_hash"] = gone["prev_hash"]
        followers[0]["version"]["before"] = gone["version"]["before"]
        _rehash(followers)
    return Attack("delete", entries, {gone["_id"], *_ids(followers)})


def swap(journal: Sequence[Entry], chance: random.Random) -> Attack:
    """Exchange two entries' contents under each other's ids."""
    entries = copy.deepcopy(list(journal))
    one, other = chance.sample(range(len(entries)), 2)
    first, second = entries[one], entries[other]
    entries[one], entries[other] = {**second, "_id": first["_id"]}, {**first, "_id": second["_id"]}
    if chance.random() < 0.5:
        for entry in (entries[one], entries[other]):
            entry["hash"] = entry_hash(entry)
    return Attack("swap", entries, {first["_id"], second["_id"]})


def insert(journal: Sequence[Entry], chance: random.Random) -> Attack:
    """Slip in an entry of the past, with a fitting hash: between two others, or as an aggregate nobody knew."""
    entries = copy.deepcopy(list(journal))
    forged = copy.deepcopy(chance.choice(entries))
    followers = _after(entries, forged)
    forged["_id"] = f"forged-{chance.getrandbits(64):x}"
    if chance.random() < 0.5:
        forged["aggregate"]["id"] = f"unknown-{chance.getrandbits(32):x}"
        forged |= {"prev_hash": None, "version": {"before": 0, "after": len(forged["events"])}}
        followers = []
    forged["recorded_at"] -= LONG_BEFORE
    forged.pop(UNSEALED, None)
    if chance.random() < 0.5:
        forged[UNSEALED] = True
    forged["hash"] = entry_hash(forged)
    rivals = [one["_id"] for one in entries if one["aggregate"] == forged["aggregate"]]
    return Attack("insert", [*entries, forged], {forged["_id"], *_ids(followers), *rivals})


def truncate(journal: Sequence[Entry], chance: random.Random) -> Attack:
    """Cut off the end: of the whole journal, or of one aggregate's history."""
    entries = copy.deepcopy(list(journal))
    if chance.random() < 0.5:
        entries.sort(key=lambda one: one["recorded_at"])
        gone = entries[len(entries) - chance.randint(1, len(entries)) :]
    else:
        first = chance.choice(entries)
        gone = [first, *_after(entries, first)]
    kept = [one for one in entries if one not in gone]
    return Attack("truncate", kept, set(_ids(gone)))


def recompute(journal: Sequence[Entry], chance: random.Random) -> Attack:
    """Change an entry and compute its hash and every later one of its aggregate anew: the chain itself is sound."""
    entries = copy.deepcopy(list(journal))
    entry = chance.choice(entries)
    _change_somewhere(entry, chance)
    _rehash([entry, *_after(entries, entry)])
    return Attack("recompute", entries, {entry["_id"]})


KINDS: Sequence[Callable[[Sequence[Entry], random.Random], Attack]] = (edit, delete, swap, insert, truncate, recompute)


def _after(entries: Sequence[Entry], entry: Entry) -> list[Entry]:
    same = [one for one in entries if one["aggregate"] == entry["aggregate"]]
    later = [one for one in same if one["version"]["after"] > entry["version"]["after"]]
    return sorted(later, key=lambda one: one["version"]["after"])


def _rehash(chain: Sequence[Entry]) -> None:
    for at, entry in enumerate(chain):
        if at:
            entry["prev_hash"] = chain[at - 1]["hash"]
        entry["hash"] = entry_hash(entry)


def _ids(entries: Sequence[Entry]) -> list[str]:
    return [one["_id"] for one in entries]


def _change_somewhere(entry: Entry, chance: random.Random) -> None:
    """Change one value, however deep; not the id, by which it is told apart, nor the marks outside the hash."""
    holes = [hole for name in entry.keys() - OUTSIDE_HASH - {"_id"} for hole in _holes(entry, name)]
    holder, key = chance.choice(sorted(holes, key=lambda hole: (str(hole[1]), str(hole[0][hole[1]]))))
    holder[key] = _other(holder[key], chance)


def _holes(holder: Any, key: Any) -> list[tuple[Any, Any]]:
    value = holder[key]
    if isinstance(value, dict) and value:
        return [hole for name in cast("dict[str, Any]", value) for hole in _holes(value, name)]
    if isinstance(value, list) and value:
        return [hole for at in range(len(cast("list[Any]", value))) for hole in _holes(value, at)]
    return [(holder, key)]


def _other(value: Any, chance: random.Random) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + chance.choice([-1, 1])
        case datetime():
            return value + timedelta(milliseconds=chance.choice([-1, 1]))
        case str() if value:
            at = chance.randrange(len(value))
            return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
        case _:
            return "forged"
