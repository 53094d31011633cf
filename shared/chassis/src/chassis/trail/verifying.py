"""Verifying: checkpoints against the public keys, and journal entries against the checkpoints. Pure.

What an entry must satisfy: its content gives its hash; a checkpoint outside the database seals this hash; it follows
the entry before it in its aggregate; nothing sealed is missing, and nothing stands where it cannot have been written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from chassis.journal import UNSEALED, entry_hash
from chassis.seal_keys import PublicKeys
from chassis.trail.checkpoints import Checkpoint, Leaf, SealedCheckpoint, SignedCheckpoint, entries_root
from chassis.trail.findings import AFTER_ALL, Finding, Report, in_order

R = TypeVar("R", bound=SignedCheckpoint)
LATE_MAX: Final = timedelta(minutes=30)
"""Clocks of replicas may differ, and a command takes its time; what is recorded earlier was slipped in."""
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where an entry is sealed, and as what."""

    checkpoint: int
    at: int
    leaf: Leaf


@dataclass(frozen=True)
class Link:
    """What an entry says of itself, as far as its place in the journal is concerned."""

    entry: str
    subject: str
    study: str
    before: int
    after: int
    previous: str | None
    hash: str
    recorded_at: datetime
    waits: bool


def check_checkpoints(service: str, records: Iterable[R], keys: PublicKeys) -> tuple[list[R], list[Finding]]:
    """The checkpoints in order, each once, and what is wrong with them."""
    by_number: dict[int, R] = {}
    findings: list[Finding] = []
    for record in records:
        known = by_number.setdefault(record.checkpoint.number, record)
        if known.checkpoint != record.checkpoint:
            findings.append(_of_checkpoint(record.checkpoint, "forked", "there are two different ones of this number"))
    chain = [by_number[number] for number in sorted(by_number)]
    previous: Checkpoint | None = None
    for record in chain:
        findings += [_of_checkpoint(record.checkpoint, *flaw) for flaw in _flaws(service, record, previous, keys)]
        previous = record.checkpoint
    return chain, findings + _flaws_of_leaves(chain)


def _flaws(
    service: str, record: SignedCheckpoint, previous: Checkpoint | None, keys: PublicKeys
) -> Iterable[tuple[str, str]]:
    one = record.checkpoint
    if one.key_id not in keys:
        yield "unknown_key", f"no public key with the id {one.key_id} was given"
    elif not record.is_signed_by(keys):
        yield "forged", "its signature is wrong"
    if one.service != service:
        yield "foreign", f"it belongs to {one.service}"
    if one.number != (previous.number + 1 if previous else 1):
        yield "checkpoint_missing", "the one before it is missing"
    elif one.previous != (previous.digest if previous else None):
        yield "unchained", "it does not rest on the one before it"
    if one.total != one.count + (previous.total if previous else 0):
        yield "miscounted", "its total does not follow from the one before it"


def _flaws_of_leaves(chain: Iterable[SignedCheckpoint]) -> list[Finding]:
    findings: list[Finding] = []
    sealed: set[str] = set()
    for record in chain:
        if not isinstance(record, SealedCheckpoint):
            continue
        one = record.checkpoint
        if len(record.leaves) != one.count or entries_root(record.leaves) != one.root:
            findings.append(_of_checkpoint(one, "leaves_differ", "its list of entries is not what was signed"))
        for leaf in record.leaves:
            if leaf.entry in sealed:
                findings.append(_of_checkpoint(one, "sealed_twice", f"entry {leaf.entry} was sealed before"))
            sealed.add(leaf.entry)
    return findings


def places_in(chain: Iterable[SealedCheckpoint]) -> dict[str, Place]:
    """Entry → where it is sealed first."""
    places: dict[str, Place] = {}
    for record in chain:
        for index, leaf in enumerate(record.leaves):
            places.setdefault(leaf.entry, Place(record.checkpoint.number, index, leaf))
    return places


class Verification:
    """Takes a service's journal entry by entry, sorted by aggregate and version, and tells what is wrong with it."""

    def __init__(self, service: str, chain: Sequence[SignedCheckpoint], places: Mapping[str, Place]) -> None:
        """Against checked checkpoints and the places of the entries in them."""
        self._service, self._places = service, places
        self._checkpoints = [record.checkpoint for record in chain]
        self._horizons = {one.number + 1: _horizon(one) for one in self._checkpoints}
        self._next = self._checkpoints[-1].number + 1 if chain else 1
        self._seen: set[str] = set()
        self._unmarked: dict[str, Finding] = {}
        self._tails: dict[str, Link] = {}
        self._tails_of: str | None = None
        self._findings: list[Finding] = []
        self._entries = 0

    def take(self, entry: Mapping[str, Any]) -> None:
        """The next entry, as MongoDB or an export gives it."""
        self._entries += 1
        name = entry.get("_id")
        place = self._places.get(name) if isinstance(name, str) else None
        if isinstance(name, str):
            self._seen.add(name)
        link = _link(entry)
        if link is None:
            self._note("unreadable", "it is no journal entry", None, place, str(name))
            return
        self._check_content(entry, link, place)
        self._check_chain(link, place)

    def finish(self, later: Mapping[str, Place] | None = None) -> Report:
        """The report; `later` are places in checkpoints made while the journal was read."""
        for name, finding in self._unmarked.items():
            if name not in (later or {}):
                self._findings.append(finding)
        for name, place in self._places.items():
            if name not in self._seen:
                self._note("deleted", "it was sealed and is missing", None, place, name)
        newest = self._checkpoints[-1].sealed_at if self._checkpoints else None
        sealed = len(self._seen & self._places.keys())
        return Report(self._service, len(self._checkpoints), self._entries, sealed, newest, in_order(self._findings))

    def _check_content(self, entry: Mapping[str, Any], link: Link, place: Place | None) -> None:
        if _computed(entry) != link.hash:
            self._note("edited", "its content does not give its hash", link, place)
        elif place is not None and (place.leaf.hash, place.leaf.study) != (link.hash, link.study):
            self._note("rewritten", "its hash is not the one that was sealed", link, place)
        if place is None and not link.waits:
            self._unmarked[link.entry] = _found("inserted", "it is neither sealed nor waiting to be", link, None)
        if link.recorded_at < self._horizons.get(place.checkpoint if place else self._next, LONG_AGO):
            self._note("backdated", "it is recorded long before the checkpoint that left it out", link, place)

    def _check_chain(self, link: Link, place: Place | None) -> None:
        aggregate = link.subject.partition("/")[2]
        if aggregate != self._tails_of:
            self._tails, self._tails_of = {}, aggregate
        tail = self._tails.get(link.subject)
        self._tails[link.subject] = link
        if link.before != (tail.after if tail else 0):
            self._note("gap", f"it follows version {link.before}, found was {tail.after if tail else 0}", link, place)
        elif link.previous != (tail.hash if tail else None):
            self._note("unchained", "it does not rest on the entry before it", link, place)
        if tail is not None and place is not None and tail.entry not in self._places:
            self._note("inserted", "it is not sealed, and an entry after it is", tail, None)

    def _note(self, code: str, detail: str, link: Link | None, place: Place | None, name: str | None = None) -> None:
        self._findings.append(_found(code, detail, link, place, name))


def _found(code: str, detail: str, link: Link | None, place: Place | None, name: str | None = None) -> Finding:
    at = (place.checkpoint, place.at) if place else (AFTER_ALL, 0)
    if link is None:
        return Finding(code, detail, entry=name, place=at)
    return Finding(code, detail, link.entry, link.subject, link.after, at)


def _of_checkpoint(one: Checkpoint, code: str, detail: str) -> Finding:
    return Finding(code, f"checkpoint {one.number}: {detail}", place=(0, one.number))


def _horizon(one: Checkpoint) -> datetime:
    return min(datetime.fromisoformat(one.newest), datetime.fromisoformat(one.sealed_at)) - LATE_MAX


def _computed(entry: Mapping[str, Any]) -> str | None:
    try:
        return entry_hash(entry)
    except TypeError:
        return None


def _link(entry: Mapping[str, Any]) -> Link | None:
    """What the entry says; None where it is not built as one."""
    try:
        return _read_link(entry)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _read_link(entry: Mapping[str, Any]) -> Link | None:
    aggregate, version = entry["aggregate"], entry["version"]
    before, after, recorded = version["before"], version["after"], entry["recorded_at"]
    instant = recorded if isinstance(recorded, datetime) else datetime.fromisoformat(recorded)
    texts = (entry["_id"], aggregate["type"], aggregate["id"], entry["study"], entry["hash"])
    counts = isinstance(before, int) and after == before + len(entry["events"]) > before
    if not counts or instant.tzinfo is None or not all(isinstance(text, str) for text in texts):
        return None
    subject = f"{aggregate['type']}/{aggregate['id']}"
    waits = entry.get(UNSEALED) is True
    return Link(entry["_id"], subject, entry["study"], before, after, entry["prev_hash"], entry["hash"], instant, waits)
