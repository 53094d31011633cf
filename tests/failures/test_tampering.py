"""Whoever may write anything into a service's database is found out, and a clean journal is never accused (G13).

`STUDYLINE_TAMPERINGS=2000 STUDYLINE_SEED=… pytest tests/failures/test_tampering.py` runs the size of a release.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from chassis import clock
from chassis.journal import ensure_journal, journal_of
from chassis.kafka import Cluster
from chassis.mongo import Database
from chassis.trail.checkpoints import SealedCheckpoint
from chassis.trail.findings import Report
from chassis.trail.inspecting import anchor_of, inspect
from counting import COUNTS
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sealed import Sealed, verified
from studyline.testing import Servers
from tampering import KINDS, Attack, Entry

ATTACKS = int(os.environ.get("STUDYLINE_TAMPERINGS", "90"))
SEED = int(os.environ.get("STUDYLINE_SEED", "20261"))
CHECKPOINTS = 4
SKEW_SECONDS = 600
SKEWED_ROUNDS = 9
Forgery = Callable[[list[SealedCheckpoint], Ed25519PrivateKey], list[SealedCheckpoint]]


@pytest.fixture
async def sealed(servers: Servers, tmp_path: Path) -> AsyncGenerator[Sealed]:
    """Eight aggregates with twelve entries each, in four checkpoints."""
    database = Database.connect(servers.mongodb_uri, f"test_{clock.new_id()[:13]}")
    await ensure_journal(database)
    made = Sealed(database, Cluster(servers.kafka, f"{clock.new_id()[:8]}.", replication_factor=1), tmp_path)
    for number in range(CHECKPOINTS):
        await made.write(8, 3, start=3 * number)
        await made.seal()
    yield made
    database.close()


async def inspected(sealed: Sealed, *, replay: bool = False) -> Report:
    """As `studyline verify` does, against file and topic."""
    anchor = anchor_of("test", sealed.cluster, sealed.file)
    return await inspect("test", sealed.database, anchor, sealed.keys, [COUNTS] if replay else [])


async def put(sealed: Sealed, entries: Sequence[Entry]) -> None:
    """Make this the journal, as database root can."""
    await journal_of(sealed.database).delete({})
    await journal_of(sealed.database).insert(list(entries))


async def test_every_tampering_is_found_and_located_and_no_clean_journal_is_accused(sealed: Sealed) -> None:
    chance, journal = random.Random(SEED), await sealed.entries()  # noqa: S311 - repeatable on purpose
    records = sealed.file.read()
    done: Counter[str] = Counter()
    for number in range(ATTACKS):
        attack: Attack = KINDS[number % len(KINDS)](journal, chance)
        await put(sealed, attack.entries)
        first = verified(records, await sealed.entries(), sealed.keys).first
        assert first is not None, f"seed {SEED}, attack {number}: {attack.kind} was not found"
        assert first.entry in attack.guilty, (
            f"seed {SEED}, attack {number}: {attack.kind} was not located: {first.text}"
        )
        await put(sealed, journal)
        assert verified(records, await sealed.entries(), sealed.keys).is_whole
        done[attack.kind] += 1
    assert set(done) == {kind.__name__ for kind in KINDS}
    assert (await inspected(sealed, replay=True)).is_whole


async def written_at_different_times(sealed: Sealed, chance: random.Random) -> None:
    """Entries as replicas write them whose clocks are up to ten minutes fast or slow, sealed by others again."""
    try:
        for number in range(100, 100 + SKEWED_ROUNDS):
            clock.shift(chance.uniform(-SKEW_SECONDS, SKEW_SECONDS))
            await sealed.write(8, 1, start=number)
            if number % 3 == 0:
                clock.shift(chance.uniform(-SKEW_SECONDS, SKEW_SECONDS))
                await sealed.seal()
    finally:
        clock.shift(0)
    await sealed.seal()


async def test_clocks_that_differ_by_ten_minutes_raise_no_alarm_and_hide_no_tampering(sealed: Sealed) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable on purpose
    await written_at_different_times(sealed, chance)
    journal, records = await sealed.entries(), sealed.file.read()
    recorded = {one["_id"]: one["recorded_at"] for one in journal}
    in_checkpoints = [recorded[leaf.entry] for record in records for leaf in record.leaves]
    assert in_checkpoints != sorted(in_checkpoints), "the clocks did differ"
    assert (await inspected(sealed, replay=True)).findings == ()
    for kind in (*KINDS, *KINDS):
        attack = kind(journal, chance)
        await put(sealed, attack.entries)
        first = verified(records, await sealed.entries(), sealed.keys).first
        assert first is not None, f"seed {SEED}: {attack.kind} was not found"
        assert first.entry in attack.guilty, f"seed {SEED}: {attack.kind} was not located: {first.text}"


async def test_a_state_that_was_changed_beside_its_journal_is_found_by_replaying(sealed: Sealed) -> None:
    counts = sealed.database.collection(COUNTS.collection)
    await counts.update({"_id": "c1"}, {"$set": {"state.total": 7}})
    await counts.delete({"_id": "c2"})
    await counts.insert([{"_id": "c9", "version": 1, "state": {}}])
    assert (await inspected(sealed)).is_whole
    findings = (await inspected(sealed, replay=True)).findings
    assert {(one.code, one.subject) for one in findings} == {
        ("state_differs", "count/c1"),
        ("state_missing", "count/c2"),
        ("state_invented", "count/c9"),
    }


async def test_writers_and_a_sealer_at_work_raise_no_false_alarm(sealed: Sealed) -> None:
    sealing = asyncio.create_task(sealed.sealer().run())
    writing = asyncio.create_task(sealed.write(8, 30, start=100))
    looks = 0
    while not writing.done():
        report = await inspected(sealed, replay=True)
        assert report.is_whole, report.findings
        looks += 1
    sealing.cancel()
    with suppress(asyncio.CancelledError):
        await sealing
    assert looks > 0


def altered(records: list[SealedCheckpoint], at: int, **change: Any) -> list[SealedCheckpoint]:
    """The records with one checkpoint changed, its signature left as it was."""
    one = records[at]
    checkpoint = one.checkpoint.model_copy(update=change)
    return [*records[:at], one.model_copy(update={"checkpoint": checkpoint}), *records[at + 1 :]]


def without_an_entry(records: list[SealedCheckpoint], _: Ed25519PrivateKey) -> list[SealedCheckpoint]:
    return [records[0].model_copy(update={"leaves": records[0].leaves[1:]}), *records[1:]]


def signed_by_another(records: list[SealedCheckpoint], _: Ed25519PrivateKey) -> list[SealedCheckpoint]:
    signature = Ed25519PrivateKey.generate().sign(records[1].checkpoint.signed_bytes).hex()
    return [records[0], records[1].model_copy(update={"signature": signature}), *records[2:]]


def without_purpose(records: list[SealedCheckpoint], key: Ed25519PrivateKey) -> list[SealedCheckpoint]:
    signature = key.sign(records[1].checkpoint.signed_bytes.partition(b"\n")[2]).hex()
    return [records[0], records[1].model_copy(update={"signature": signature}), *records[2:]]


FORGERIES: dict[str, Forgery] = {
    "a checkpoint is left out": lambda records, _: [records[0], *records[2:]],
    "the first one is left out": lambda records, _: records[1:],
    "two are exchanged": lambda records, _: [*altered(altered(records, 0, number=2), 1, number=1)],
    "a root is changed": lambda records, _: altered(records, 1, root="0" * 64),
    "a total is changed": lambda records, _: altered(records, 1, total=1),
    "a time is changed": lambda records, _: altered(records, 1, sealed_at="2020-01-01T00:00:00.000Z"),
    "it is another service's": lambda records, _: altered(records, 1, service="other"),
    "there is a second one of a number": lambda records, _: [*records, *altered(records, 1, root="0" * 64)[1:2]],
    "an entry is left out": without_an_entry,
    "another key signed it": signed_by_another,
    "it was signed for another purpose": without_purpose,
    "the signature is empty": lambda records, _: [records[0].model_copy(update={"signature": ""}), *records[1:]],
    "the signature is no hexadecimal": lambda records, _: [records[0].model_copy(update={"signature": "zz"})],
    "the key is unknown": lambda records, _: altered(records, 0, key_id="0" * 16),
}


async def test_forged_checkpoints_are_not_believed(sealed: Sealed) -> None:
    records, entries = sealed.file.read(), await sealed.entries()
    assert verified(records, entries, sealed.keys).is_whole
    believed = [
        name
        for name, forge in FORGERIES.items()
        if verified(forge(records, sealed.private), entries, sealed.keys).is_whole
    ]
    assert believed == []
