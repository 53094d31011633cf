"""Checkers: each looks for one way in which the platform may have broken its word. Bad histories try them first."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evidence import Entry, Evidence, Told

Kind = Literal["lost", "ghost", "zombie", "duplicate", "inversion", "gap", "stuck", "crash"]


@dataclass(frozen=True)
class Finding:
    """One broken promise."""

    kind: Kind
    detail: str


def check(evidence: Evidence) -> list[Finding]:
    """Everything that every checker finds."""
    return [Finding(kind, detail) for kind, checker in CHECKERS.items() for detail in checker(evidence)]


def lost(evidence: Evidence) -> Iterable[str]:
    """What was acknowledged and is not there: in the journal, in Kafka, or in what reporting shows."""
    journal = {entry.command_id for entry in evidence.entries}
    in_kafka = {record.event_id for record in evidence.told}
    shown = set(evidence.shown)
    for operation in evidence.operations:
        if operation.outcome == "ok" and operation.command_id not in journal:
            yield f"{operation.service} acknowledged {operation.command_id}, of which its journal knows nothing"
    for entry in evidence.entries:
        if not entry.pending:
            yield from (
                f"event {one} of {entry.aggregate} is not in Kafka" for _, one in entry.told if one not in in_kafka
            )
    yield from (f"event {one} is in Kafka and not in the timeline" for one in sorted(in_kafka - shown))
    for tally in evidence.tallies:
        if tally.shown < tally.source:
            yield f"{tally.what}: {tally.source} at the source, {tally.shown} shown"


def ghost(evidence: Evidence) -> Iterable[str]:
    """What was told without having happened: a message or an entry without state, an effect of what was refused."""
    known = {one for entry in evidence.entries for _, one in entry.told}
    versions = {kept.aggregate: kept.version for kept in evidence.kept}
    failed = {one.command_id for one in evidence.operations if one.outcome == "failed"}
    for event_id in sorted({record.event_id for record in evidence.told} - known):
        yield f"event {event_id} is in Kafka and in no journal"
    for event_id in sorted(set(evidence.shown) - known):
        yield f"event {event_id} is in the timeline and in no journal"
    for entry in evidence.entries:
        if entry.after > versions.get(entry.aggregate, 0):
            yield f"{entry.aggregate}: the journal tells of version {entry.after}, which its state never had"
        if entry.command_id in failed:
            yield f"{entry.command_id} was refused and is in the journal"
    for operation in evidence.operations:
        if operation.doomed and operation.outcome == "ok":
            yield f"{operation.service} accepted {operation.command_id}, which its rules do not allow"


def zombie(evidence: Evidence) -> Iterable[str]:
    """What changed without being told: a version of a state that no entry covers."""
    covered: dict[str, set[int]] = defaultdict(set)
    for entry in evidence.entries:
        covered[entry.aggregate] |= set(range(entry.before + 1, entry.after + 1))
    for kept in evidence.kept:
        for version in sorted(set(range(1, kept.version + 1)) - covered[kept.aggregate]):
            yield f"{kept.aggregate}: no entry tells of version {version}"


def duplicate(evidence: Evidence) -> Iterable[str]:
    """What had its effect more than once."""
    covered = Counter((one.aggregate, n) for one in evidence.entries for n in range(one.before + 1, one.after + 1))
    answered = Counter((one.aggregate, one.version) for one in evidence.operations if one.outcome == "ok")
    bodies: dict[str, set[str]] = defaultdict(set)
    for record in evidence.told:
        bodies[record.event_id].add(record.digest)
    yield from (f"{place} is covered by {times} entries" for place, times in covered.items() if times > 1)
    yield from (f"{times} operations were answered with {place}" for place, times in answered.items() if times > 1)
    yield from (f"event {one} is in Kafka with {len(all_)} contents" for one, all_ in bodies.items() if len(all_) > 1)
    yield from (f"event {one} is shown {n} times" for one, n in Counter(evidence.shown).items() if n > 1)
    for tally in evidence.tallies:
        if tally.shown > tally.source:
            yield f"{tally.what}: {tally.source} at the source, {tally.shown} shown"


def inversion(evidence: Evidence) -> Iterable[str]:
    """First appearances of an aggregate's events in Kafka that are not in the order of its versions."""
    for aggregate, versions in _first_appearances(evidence.told).items():
        for earlier, later in itertools.pairwise(versions):
            if later < earlier:
                yield f"{aggregate}: version {later} comes after version {earlier}"


def gap(evidence: Evidence) -> Iterable[str]:
    """An event of an aggregate in Kafka before all the earlier ones, which its journal owed too."""
    owed = _owed(evidence.entries)
    for aggregate, versions in _first_appearances(evidence.told).items():
        seen: set[int] = set()
        for version in versions:
            missing = [one for one in owed.get(aggregate, ()) if one < version and one not in seen]
            seen.add(version)
            if missing:
                yield f"{aggregate}: version {version} comes without {missing[:5]}"


def stuck(evidence: Evidence) -> Iterable[str]:
    """What did not go on although every fault had healed."""
    yield from (f"{one.aggregate} version {one.after} still waits for Kafka" for one in evidence.entries if one.pending)
    for one in evidence.operations:
        if one.outcome in {"invoked", "unknown"}:
            yield f"{one.service} never gave a definite answer to {one.command_id}"
        elif one.outcome == "failed" and not one.doomed:
            yield f"{one.service} refused {one.command_id}, which nothing forbids: {one.detail}"
    yield from evidence.stalls


def crash(evidence: Evidence) -> Iterable[str]:
    """Answers that no caller should ever get: a 5xx other than 503, or a 503 that does not say when to try again."""
    for one in evidence.operations:
        yield from (f"{one.service} answered {detail} to {one.command_id}" for detail in one.unforeseen)


def _first_appearances(told: Iterable[Told]) -> Mapping[str, list[int]]:
    found: dict[str, dict[int, None]] = defaultdict(dict)
    for record in told:
        found[record.aggregate].setdefault(record.version)
    return {aggregate: list(versions) for aggregate, versions in found.items()}


def _owed(entries: Iterable[Entry]) -> Mapping[str, list[int]]:
    owed: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        owed[entry.aggregate] += [version for version, _ in entry.told]
    return owed


CHECKERS: Final[Mapping[Kind, Callable[[Evidence], Iterable[str]]]] = {
    "lost": lost,
    "ghost": ghost,
    "zombie": zombie,
    "duplicate": duplicate,
    "inversion": inversion,
    "gap": gap,
    "stuck": stuck,
    "crash": crash,
}
