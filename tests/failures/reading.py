"""Reading what the platform kept, past its services: their databases, Kafka's topics; and reporting's own answers."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
from aiokafka import AIOKafkaConsumer
from evidence import Entry, Kept, Tally, Told
from pymongo import AsyncMongoClient
from studyline.replica_set import DATABASES
from studyline.state import StackAddresses

PUBLISHERS: Final = ("sites", "regulatory", "monitoring")
PAGE: Final = 1_000
Client = AsyncMongoClient[dict[str, Any]]


async def journals(client: Client) -> list[Entry]:
    """Every entry of every journal."""
    return [
        _entry(service, document)
        for service in PUBLISHERS
        async for document in client[DATABASES[service]]["journal"].find({}).sort("recorded_at", 1)
    ]


async def pending(client: Client) -> int:
    """How many entries Kafka has not acknowledged."""
    return sum([await client[DATABASES[one]]["journal"].count_documents({"pending": True}) for one in PUBLISHERS])


async def states(client: Client) -> list[Kept]:
    """The version of every aggregate; an aggregate's document is known by its state and the end of its chain."""
    kept: list[Kept] = []
    for service in PUBLISHERS:
        database = client[DATABASES[service]]
        for name in await database.list_collection_names():
            found = database[name].find({"state": {"$exists": True}, "hash": {"$exists": True}}, ["version"])
            kept += [Kept(service, f"{service}/{one['_id']}", one["version"]) async for one in found]
    return kept


async def topics(bootstrap: str) -> list[Told]:
    """Every record of the services' topics, partition after partition, each from its first."""
    consumer: Any = AIOKafkaConsumer(
        *(f"studyline.{one}" for one in PUBLISHERS),
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        return [record for place in sorted(ends) for record in await _partition(consumer, place, ends[place])]
    finally:
        await consumer.stop()


async def timeline(client: httpx.AsyncClient, addresses: StackAddresses) -> list[str]:
    """The event of every entry of the timeline."""
    return [item["event_id"] for item in await _all(client, f"{addresses.reporting}/v1/timeline")]


async def tallies(client: httpx.AsyncClient, addresses: StackAddresses, databases: Client) -> list[Tally]:
    """What reporting counts, and what `sites` learned from `regulatory`, against where it comes from."""
    shown = await _all(client, f"{addresses.reporting}/v1/studies")
    sites, regulatory, monitoring = (databases[DATABASES[one]] for one in PUBLISHERS)
    approved = await regulatory["submissions"].count_documents({"state.status": "approved"})
    counted = [Tally("approvals known to sites", approved, await sites["evidence"].count_documents({}))]
    for study in shown:
        of_study, counts = {"study": study["study_id"]}, study["counts"]
        sources = {
            "sites": await sites["study_sites"].count_documents(of_study),
            "protocol_deviations": await monitoring["protocol_deviations"].count_documents(of_study),
        }
        counted += [Tally(f"{what} of {study['study_id']}", n, counts[what]) for what, n in sources.items()]
    return counted


def _entry(service: str, document: Mapping[str, Any]) -> Entry:
    messages: Sequence[Mapping[str, Any]] = document["messages"]
    return Entry(
        service=service,
        command_id=document["_id"],
        aggregate=f"{service}/{document['aggregate']['id']}",
        before=document["version"]["before"],
        after=document["version"]["after"],
        told=tuple((int(one["headers"]["ce_aggregateversion"]), one["headers"]["ce_id"]) for one in messages),
        pending=document.get("pending", False),
    )


async def _partition(consumer: Any, place: Any, end: int) -> list[Told]:
    told: list[Told] = []
    while await consumer.position(place) < end:
        for records in (await consumer.getmany(place, timeout_ms=500)).values():
            told += [_told(one) for one in records]
    return told


def _told(record: Any) -> Told:
    headers = {name: value.decode() for name, value in record.headers}
    digest = hashlib.sha256(record.value).hexdigest()
    service = headers["ce_source"].rpartition("/")[2]
    aggregate = f"{service}/{headers['ce_subject'].partition('/')[2]}"
    return Told(headers["ce_id"], aggregate, int(headers["ce_aggregateversion"]), digest)


async def _all(client: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": PAGE}
    while True:
        page = (await client.get(url, params=query)).raise_for_status().json()
        items += page["items"]
        if page["next"] is None:
            return items
        query["cursor"] = page["next"]
