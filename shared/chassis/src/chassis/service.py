"""How a service runs: its parts brought up in order, kept running, and ended without losing anything."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

import structlog
from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI
from pydantic import JsonValue

from chassis.commands import Commands
from chassis.health import Health, Unhealthy
from chassis.http.adoption import BODY_BYTES_MAX
from chassis.http.auth import Authenticator
from chassis.http.web import create_app
from chassis.journal import ensure_journal
from chassis.kafka import Cluster, ensure_topic
from chassis.metrics import Metrics
from chassis.mongo import Database, PyMongoError
from chassis.problems import Unavailable
from chassis.settings import ServiceSettings
from chassis.stream.backlog import Backlog
from chassis.stream.consuming import Consumer
from chassis.stream.parked_routes import parked_router
from chassis.stream.progress import Progress
from chassis.stream.relay import Relay
from chassis.ticking import Ticker
from chassis.trail.anchors import CheckpointFile
from chassis.trail.journal_routes import journal_router
from chassis.trail.sealing import Sealer
from chassis.unit import Authorise, ungoverned

RETRY_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.05
"""What events ask of a service follows within a few of these, and commands that come meanwhile have the machine."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass
class Parts:
    """What every service stands on."""

    name: str
    settings: ServiceSettings
    database: Database
    cluster: Cluster
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)

    @classmethod
    def of(cls, name: str, settings: ServiceSettings) -> "Parts":
        """Made from the settings; nothing is connected yet."""
        database = Database.connect(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        cluster = Cluster(settings.kafka_bootstrap, settings.topic_prefix, settings.kafka_replication_factor)
        return cls(name, settings, database, cluster)

    def consumer(self, topics: Sequence[str], decode: Callable[..., Any], apply: Callable[..., Any]) -> Consumer[Any]:
        """The service's consumer: one group a service."""
        return Consumer(
            self.name,
            topics,
            decode,
            apply,
            self.database,
            self.cluster,
            self.metrics,
            self.settings.instance,
            gather_seconds=GATHER_SECONDS,
        )


class Reader(Protocol):
    """What reads from Kafka: a `Consumer`, or several behind one face. `start` may return at once or read on and on."""

    @property
    def progress(self) -> Progress:
        """The progress by which the service's health is told."""
        ...

    async def start(self) -> None:
        """Begin to read. May be called again where it has failed."""

    async def stop(self) -> None:
        """Finish what is in hand."""


@dataclass
class Service:
    """One service, composed in its `app.py`.

    `topic` is what it publishes on, None for a service that only reads. `prepare` makes its indexes. `running` wraps
    the time it runs, for what it keeps open besides. `authorise` says by which obligation its commands are given;
    `ticker` carries out what falls due, where the consumers run.
    """

    parts: Parts
    title: str
    version: str
    routers: Sequence[APIRouter]
    prepare: Callable[[], Awaitable[None]]
    topic: str | None = None
    commands: Commands | None = None
    consumer: Reader | None = None
    asyncapi: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    allow_cookie: bool = False
    running: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
    authorise: Authorise = ungoverned
    relay: Relay | None = None
    sealer: Sealer | None = None
    ticker: Ticker | None = None

    def __post_init__(self) -> None:
        """A service that publishes has a relay, which its commands wake, and where it has a key a sealer."""
        if self.topic is not None:
            parts = self.parts
            self.relay = Relay(parts.database, parts.cluster, self.topic, parts.metrics, parts.settings.instance)
            self.commands = Commands(
                parts.name, parts.database, parts.metrics, on_change=self.relay.wake, authorise=self.authorise
            )
            self.sealer = _sealer_of(parts)

    def app(self, mode: str = "all") -> FastAPI:
        """The ASGI application of this mode."""
        parts = self.parts
        adoption = {route.path: BODY_BYTES_MAX for one in self.routers for route in _adoptions(one)}
        app = create_app(
            service=parts.name,
            title=self.title,
            version=self.version,
            settings=parts.settings,
            routers=self._routers() if mode in {"all", "api"} else (),
            health=parts.health,
            metrics=parts.metrics,
            authenticator=Authenticator.from_settings(parts.settings, allow_cookie=self.allow_cookie),
            lifespan=partial(self._lifespan, mode),
            asyncapi=self.asyncapi,
            body_limits_bytes=adoption,
            translations={PyMongoError: _database_away},
        )
        app.state.commands = self.commands
        app.state.backlog = Backlog(parts.database, parts.settings.outbox_limit)
        app.state.parts = parts
        return app

    def _routers(self) -> Sequence[APIRouter]:
        """The service's own, the journal's where it has one, and the parking lot's where it listens."""
        journal = () if self.topic is None else (journal_router(self.parts.database),)
        parked = () if self.consumer is None else (parked_router(self.parts.database),)
        return (*self.routers, *journal, *parked)

    @asynccontextmanager
    async def _lifespan(self, mode: str, app: FastAPI) -> AsyncGenerator[None]:
        work = list(self._work(mode))
        self._register_checks(mode)
        tasks = [asyncio.create_task(one) for one in work]
        for task in tasks:
            task.add_done_callback(_end_process_on_failure)
        try:
            if self.running is None:
                yield
            else:
                async with self.running(app):
                    yield
        finally:
            await self._end(mode, tasks)

    def _work(self, mode: str) -> Sequence[Coroutine[Any, Any, None]]:
        prepared = asyncio.Event()
        self.parts.health.register("prepared", partial(_check_prepared, prepared))
        work: list[Coroutine[Any, Any, None]] = [self._prepare(prepared)]
        if self.relay is not None and mode in {"all", "relay"}:
            # Apart from the commands nobody wakes it.
            self.relay.listens = mode == "relay"
            work.append(_after(prepared, self.relay.run))
            work += [_after(prepared, self.sealer.run)] if self.sealer is not None else _unsealed()
        if self.consumer is not None and mode in {"all", "worker"}:
            work.append(_after(prepared, partial(_patiently, "consumer", self.consumer.start)))
        if self.ticker is not None and mode in {"all", "worker"}:
            work.append(_after(prepared, self.ticker.run))
        return work

    async def _prepare(self, prepared: asyncio.Event) -> None:
        await _patiently("indexes", self._indexes)
        if self.topic is not None:
            await _patiently("topic", partial(ensure_topic, self.parts.cluster, self.topic))
        prepared.set()

    async def _indexes(self) -> None:
        if self.topic is not None:
            await ensure_journal(self.parts.database)
        await self.prepare()

    def _register_checks(self, mode: str) -> None:
        health = self.parts.health
        health.register("mongodb", self._check_database)
        if self.relay is not None and mode in {"all", "relay"}:
            health.register("relay", self.relay.check, vital=True)
        if self.consumer is not None and mode in {"all", "worker"}:
            health.register("consumer", partial(_check_ready, self.consumer))
            health.register("consumer moves", partial(_check_moves, self.consumer), vital=True)
        if self.ticker is not None and mode in {"all", "worker"}:
            health.register("ticker", self.ticker.check, vital=True)

    async def _check_database(self) -> str:
        try:
            await self.parts.database.ping()
        except PyMongoError as error:
            message = f"MongoDB does not answer ({type(error).__name__})"
            raise Unhealthy(message) from error
        return "answers"

    async def _end(self, mode: str, tasks: Sequence[asyncio.Task[None]]) -> None:
        if self.consumer is not None and mode in {"all", "worker"}:
            await self.consumer.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.parts.database.close()


def _sealer_of(parts: Parts) -> Sealer | None:
    settings, key = parts.settings, parts.settings.load_seal_key()
    if key is None:
        return None
    file = CheckpointFile(settings.checkpoint_file) if settings.checkpoint_file else None
    pace = (settings.seal_interval_seconds, settings.instance)
    return Sealer(parts.name, parts.database, parts.cluster, key, file, parts.metrics, *pace)


def _unsealed() -> Sequence[Coroutine[Any, Any, None]]:
    _log.warning("no STUDYLINE_SEAL_KEY_FILE: journal entries are chained, but no checkpoint leaves the database")
    return ()


async def _patiently(what: str, step: Callable[[], Awaitable[None]]) -> None:
    """Take a step that needs Kafka or MongoDB, as often as it takes until they are there."""
    while True:
        try:
            await step()
        except (PyMongoError, KafkaError, OSError) as error:
            _log.warning("not there yet", step=what, error=type(error).__name__, detail=str(error)[:200])
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


async def _after(prepared: asyncio.Event, step: Callable[[], Awaitable[None]]) -> None:
    await prepared.wait()
    await step()


async def _check_prepared(prepared: asyncio.Event) -> str:
    if not prepared.is_set():
        message = "waits for MongoDB and Kafka"
        raise Unhealthy(message)
    return "indexes and topic are there"


async def _check_ready(reader: Reader) -> str:
    return await reader.progress.ready()


async def _check_moves(reader: Reader) -> str:
    return await reader.progress.alive()


def _database_away(error: PyMongoError) -> Unavailable:
    _log.error("database failed", error=type(error).__name__, detail=str(error)[:500])
    return Unavailable("The database does not answer. Nothing was changed, or the change is kept whole: try again.")


def _end_process_on_failure(task: asyncio.Task[None]) -> None:
    """A part that died of something nobody foresaw takes the process with it: a supervisor starts it whole again."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("a part of the service died", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


def _adoptions(router: APIRouter) -> list[Any]:
    return [route for route in router.routes if "/adoptions/" in getattr(route, "path", "")]
