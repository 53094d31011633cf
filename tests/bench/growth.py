"""What an event costs on disk at several sizes: reporting's read model and its indexes, the journal, Kafka.

    python tests/bench/growth.py --sizes 10000 100000

Prints Markdown, from which `scaling.md` reckons. Bytes are those on disk, compressed as MongoDB and Kafka have them.
"""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from chassis import clock, logs
from chassis.journal import ensure_journal, journal_of
from chassis.kafka import Cluster, ensure_topic
from chassis.mongo import Database
from contracts import TOPICS
from harness import MIB
from pages import fill
from portfolio_mix import portfolio_events, publish_all
from pymongo import AsyncMongoClient
from relays import entry_about
from studyline.paths import Layout
from studyline.testing import Servers, start_servers

SIZES: Final = (10_000, 100_000)
JOURNAL_BATCH: Final = 1_000


class Size(NamedTuple):
    """What a collection takes: documents, and bytes on disk of its data and of all its indexes."""

    name: str
    documents: int
    data: int
    indexes: int


async def sizes_of(servers: Servers, database: str) -> list[Size]:
    """Every collection of a database, the largest first, once all of it is on disk."""
    async with _client(servers) as client:
        await client.admin.command("fsync")
        names = await client[database].list_collection_names()
        told = [await client[database].command("collStats", name) for name in names]
    found = [Size(one["ns"].partition(".")[2], one["count"], one["storageSize"], one["totalIndexSize"]) for one in told]
    return sorted(found, key=lambda size: size.data + size.indexes, reverse=True)


async def read_model(servers: Servers, events: int) -> list[Size]:
    """The read model of so many events."""
    name = f"bench_growth_{clock.new_id()[-8:]}"
    await fill(servers, name, events)
    return await sizes_of(servers, name)


async def journal(servers: Servers, events: int) -> list[Size]:
    """The journals of so many events, as if one service had them all, published and sealed."""
    name = f"bench_journal_{clock.new_id()[-8:]}"
    database = Database.connect(servers.mongodb_uri, name)
    await ensure_journal(database)
    told = portfolio_events(events)
    while batch := [settled(entry_about(one)) for one in islice(told, JOURNAL_BATCH)]:
        await journal_of(database).insert(batch)
    return await sizes_of(servers, name)


def settled(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry whose marks are gone."""
    return {name: value for name, value in entry.items() if name not in {"pending", "unsealed"}}


async def kafka_bytes(servers: Servers, events: int) -> int:
    """What the broker keeps of so many events."""
    cluster = Cluster(servers.kafka, f"growth-{clock.new_id()[-8:]}.", 1)
    for topic in TOPICS.values():
        await ensure_topic(cluster, topic)
    await publish_all(cluster, portfolio_events(events))
    data = Layout(servers.data).kafka
    folders = [folder for folder in data.rglob(f"{cluster.topic_prefix}*") if folder.is_dir()]
    return sum(path.stat().st_size for folder in folders for path in folder.glob("*.log"))


def told(what: str, events: int, sizes: Sequence[Size]) -> list[str]:
    """Lines of the table."""
    return [
        f"| {what}: {one.name} | {events:,} | {one.documents:,} | {one.data / MIB:,.1f} | {one.indexes / MIB:,.1f} "
        f"| {one.data / events:,.0f} | {one.indexes / events:,.0f} |"
        for one in sizes
        if one.documents
    ]


@asynccontextmanager
async def _client(servers: Servers) -> AsyncGenerator[AsyncMongoClient[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](servers.mongodb_uri) as client:
        yield client


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes = parser.parse_args().sizes
    logs.configure("bench", "ERROR")
    print("| what | events | documents | data, MiB | indexes, MiB | data, B an event | indexes, B an event |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, start_servers(Path(folder)) as servers:
        for events in sizes:
            print("\n".join(told("reporting", events, await read_model(servers, events))), flush=True)
            print("\n".join(told("journal", events, await journal(servers, events))), flush=True)
            kept = await kafka_bytes(servers, events)
            print(
                f"| Kafka, one copy | {events:,} | {events:,} | {kept / MIB:,.1f} | | {kept / events:,.0f} | |",
                flush=True,
            )


if __name__ == "__main__":
    asyncio.run(main())
