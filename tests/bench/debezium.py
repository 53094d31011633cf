"""Debezium's outbox event router on a Kafka Connect worker of one process, tuned as its manual says for low latency.

The collection holds our journal entries' messages: key, body, and each header as a field that becomes a header again.
"""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from chassis.mongo import Document
from debezium_jars import DEBEZIUM_JARS
from studyline.kafka import find_java
from studyline.ports import LOOPBACK, free_ports
from studyline.processes import NotReadyError, Program, SupervisedProcess

CONNECTOR: Final = "bench"
COLLECTION: Final = "outbox"
JVM_OPTIONS: Final = (
    # The Connect scripts' own collector and pause; a heap that the queue fits into, a quarter of the scripts' 2 GB.
    *("-server", "-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
    *("-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true"),
    "--sun-misc-unsafe-memory-access=allow",
)
LOGGING: Final = """rootLogger.level=warn
rootLogger.appenderRefs=console
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n
"""
READY_WITHIN_SECONDS: Final = 120
END_WITHIN_SECONDS: Final = 15


@dataclass(frozen=True)
class Source:
    """What Debezium reads, and where to it writes."""

    mongodb_uri: str
    database: str
    kafka: str
    topic: str
    headers: tuple[str, ...]


def outbox_document(key: str, message: Mapping[str, Any]) -> Document:
    """A journal entry's message as a document of the outbox collection."""
    return {"_id": key, "key": message["key"], "body": message["body"], **message["headers"]}


class Worker:
    """The Connect worker with its one connector."""

    def __init__(self, process: SupervisedProcess, http: httpx.AsyncClient) -> None:
        """Use `connect_worker`."""
        self._process, self._http = process, http

    @property
    def pid(self) -> int:
        """The worker's process id."""
        assert self._process.pid is not None, "the worker runs as long as its context"
        return self._process.pid

    async def halt(self) -> None:
        """Stop reading the outbox; the place is kept."""
        (await self._http.put(f"/connectors/{CONNECTOR}/stop")).raise_for_status()

    async def go_on(self) -> None:
        """Read on from the place that was kept."""
        (await self._http.put(f"/connectors/{CONNECTOR}/resume")).raise_for_status()


@asynccontextmanager
async def connect_worker(folder: Path, source: Source) -> AsyncGenerator[Worker]:
    """Run the worker while the context is open. Raises StackError when it does not start."""
    port = next(free_ports())
    address = f"http://{LOOPBACK}:{port}"
    files = {
        "worker.properties": _worker(source, folder, address),
        "connector.properties": _connector(source),
        "log4j2.properties": LOGGING,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    process = SupervisedProcess(_program(folder, address), lambda: None, print)
    process.start()
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http:
        try:
            await process.until_ready(READY_WITHIN_SECONDS)
            yield Worker(process, http)
        finally:
            await process.stop(END_WITHIN_SECONDS)


def _program(folder: Path, address: str) -> Program:
    logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    main = "org.apache.kafka.connect.cli.ConnectStandalone"
    java = [os.fspath(find_java()), *JVM_OPTIONS, logging, "-cp", f"{DEBEZIUM_JARS.folder()}/*", main]
    return Program(
        name="connect",
        command=[*java, os.fspath(folder / "worker.properties"), os.fspath(folder / "connector.properties")],
        environment=os.environ,
        folder=folder,
        log=folder / "connect.log",
        probe=partial(_require_running, address),
    )


async def _require_running(address: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            answer = await client.get(f"{address}/connectors/{CONNECTOR}/status")
        except httpx.TransportError as error:
            raise NotReadyError(str(error) or type(error).__name__) from error
    states = [one["state"] for one in answer.json().get("tasks", [])] if answer.is_success else []
    if states != ["RUNNING"]:
        raise NotReadyError(f"the connector's tasks are {states or 'not there'}")


def _worker(source: Source, folder: Path, address: str) -> str:
    """Only what the worker must know, and the producer's settings as ours has them."""
    return _properties(
        {
            "bootstrap.servers": source.kafka,
            "listeners": address,
            "offset.storage.file.filename": folder / "offsets",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
            "header.converter": "org.apache.kafka.connect.storage.StringConverter",
            "plugin.discovery": "service_load",
            "producer.compression.type": "lz4",
            "producer.linger.ms": 2,
            "producer.batch.size": 262_144,
        }
    )


def _connector(source: Source) -> str:
    placed = ",".join(f"{name}:header" for name in source.headers)
    return _properties(
        {
            "name": CONNECTOR,
            "connector.class": "io.debezium.connector.mongodb.MongoDbConnector",
            "tasks.max": 1,
            "topic.prefix": CONNECTOR,
            "mongodb.connection.string": source.mongodb_uri,
            "collection.include.list": f"{source.database}.{COLLECTION}",
            "capture.scope": "database",
            "capture.target": source.database,
            "capture.mode": "change_streams",
            "snapshot.mode": "no_data",
            "poll.interval.ms": 5,
            "max.batch.size": 2_048,
            "max.queue.size": 8_192,
            "tombstones.on.delete": "false",
            "extended.headers.enabled": "false",
            "transforms": "outbox",
            "transforms.outbox.type": "io.debezium.connector.mongodb.transforms.outbox.MongoEventRouter",
            "transforms.outbox.collection.field.event.key": "key",
            "transforms.outbox.collection.field.event.payload": "body",
            "transforms.outbox.collection.fields.additional.placement": placed,
            "transforms.outbox.route.by.field": "ce_source",
            "transforms.outbox.route.topic.replacement": source.topic,
        }
    )


def _properties(settings: Mapping[str, object]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())
