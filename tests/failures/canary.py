"""What people write, planted wherever they write it, and looked for wherever it must never come out."""

import asyncio
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis import telemetry
from chassis.journal import journal_of
from chassis.kafka import PARTITIONS
from chassis.scope import Scope
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs
from studyline.testing.service import Face

NAME: Final = "Erika Mustermann"
TEXT: Final = f"{NAME}, born 1964-08-12, erika@example.org, Lindenstr. 7"
FILE: Final = "Erika-Mustermann-1964-08-12.pdf"
TRACES_OF_HER: Final = ("mustermann", "1964-08-12", "erika", "lindenstr")
NAMES: Final = {"family_name", "given_name", "respondent_name"}
TEXTS: Final = {"reason", "resolution", "summary", "text", "title", "conditions", "name", "answers"}
PUBLIC: Final = ("/v1/studies", "/v1/adoptions/", "/sites")
"""Paths under which titles are those of studies, and names those of sponsors and sites: public registers hold them."""


def planted(path: str, body: Any) -> Any:
    """The body, with her name or a text about her wherever a person may write."""
    is_public = path == PUBLIC[0] or path.startswith(PUBLIC[1]) or path.endswith(PUBLIC[2])
    texts = TEXTS - ({"title", "name"} if is_public else set())
    return _planted(body, texts)


def _planted(body: Any, texts: set[str]) -> Any:
    if isinstance(body, list):
        return [_planted(one, texts) for one in cast("list[Any]", body)]
    if not isinstance(body, Mapping):
        return body
    told = cast("Mapping[str, Any]", body)
    return {name: _written(name, value, texts) for name, value in told.items()}


def _written(name: str, value: Any, texts: set[str]) -> Any:
    if name in NAMES:
        return NAME
    if name == "conclusion" and isinstance(value, str) and value.endswith("."):
        return TEXT
    if name in texts and isinstance(value, str):
        # What differed differs still.
        return f"{TEXT}: {value}"
    if name in texts and isinstance(value, list) and all(isinstance(one, str) for one in cast("list[Any]", value)):
        return [TEXT] * len(cast("list[Any]", value))
    if name == "answers" and isinstance(value, Mapping):
        return dict.fromkeys(cast("Mapping[str, Any]", value), TEXT)
    return _planted(value, texts)


@dataclass(frozen=True)
class Watched:
    """What the services said of themselves while the context was open."""

    logs: list[Any]
    spans: InMemorySpanExporter

    def told(self) -> Iterable[str]:
        """Every line of the log and every span, as they leave a service."""
        yield from (repr(one) for one in self.logs)
        yield from (one.to_json() for one in self.spans.get_finished_spans())


@contextmanager
def watched() -> Generator[Watched]:
    """Keep logs and traces of every service in this process."""
    spans = InMemorySpanExporter()
    telemetry.export_to(telemetry.configure("canary"), SimpleSpanProcessor(spans))
    with capture_logs() as logs:
        yield Watched(logs, spans)


async def published(face: Face, topic: str) -> list[str]:
    """Every record of a service's topic with key and headers, once nothing of its journal waits any more."""
    waiting = {"pending": True}
    while await journal_of(face.database).count(Scope.everything(), waiting):  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.1)
    partitions = [TopicPartition(face.cluster.topic(topic), number) for number in range(PARTITIONS)]
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=face.cluster.bootstrap)
    records: list[str] = []
    async with consumer:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(one) < end for one, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                records += [repr((one.key, one.headers, one.value)) for one in batch]
    return records


def of_her(told: Iterable[str]) -> list[str]:
    """Those in which anything of her stands."""
    return [one for one in told if any(trace in one.lower() for trace in TRACES_OF_HER)]
