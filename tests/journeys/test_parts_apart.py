"""A service whose parts run as processes of their own works as one; a relay loads nothing of the domain."""

import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from chassis import clock
from chassis.kafka import Cluster, topic_of
from contracts import TOPICS
from studyline.ports import LOOPBACK, free_ports
from studyline.processes import Program, SupervisedProcess
from studyline.services import require_ready
from studyline.testing import Servers
from studyline.testing.parts import environment_of_part

WITHIN_SECONDS = 60
STUDY = {"sponsor": {"name": "Apart AG"}, "protocol_number": "APT-1", "title": "A study", "occurred_at": "2026-01-01"}
LOADED = """
import sys
from chassis.running import relay_alone
from chassis.settings import load
from {service}.settings import Settings
relay_alone("{service}", load(Settings)).app("relay")
print(*sys.modules)
"""


@asynccontextmanager
async def part_of_sites(servers: Servers, name: str, mode: str, port: int, folder: Path) -> AsyncGenerator[str]:
    url = f"http://{LOOPBACK}:{port}"
    program = Program(
        name=mode,
        command=[sys.executable, "-m", "sites", mode],
        environment=environment_of_part(servers, name, port, topic_prefix=f"{name}."),
        folder=folder,
        log=folder / f"{mode}.log",
        probe=partial(require_ready, url),
    )
    process = SupervisedProcess(program, lambda: None, print)
    process.start()
    try:
        await process.until_ready(WITHIN_SECONDS)
        yield url
    finally:
        await process.stop(WITHIN_SECONDS)


async def test_what_the_api_records_the_relay_publishes_from_a_process_of_its_own(
    stack: Servers, tmp_path: Path
) -> None:
    name = f"apart_{clock.new_id()[-8:]}"
    cluster, ports = Cluster(stack.kafka, f"{name}.", 1), free_ports()
    async with AsyncExitStack() as running:
        api = await running.enter_async_context(part_of_sites(stack, name, "api", next(ports), tmp_path))
        await running.enter_async_context(part_of_sites(stack, name, "relay", next(ports), tmp_path))
        client = await running.enter_async_context(httpx.AsyncClient(base_url=api))
        headers = {"Authorization": f"Bearer {stack.token('operations')}", "Idempotency-Key": clock.new_id()}
        answer = await client.post("/v1/studies", json=STUDY, headers=headers)
        assert answer.status_code == 201, answer.text
        consumer: Any = AIOKafkaConsumer(
            cluster.topic(TOPICS["sites"]), bootstrap_servers=stack.kafka, auto_offset_reset="earliest"
        )
        async with consumer:
            record = await consumer.getone()
        assert dict(record.headers)["ce_subject"].decode() == f"study/{answer.json()['study_id']}"


@pytest.mark.parametrize("service", sorted(TOPICS))
def test_a_relay_alone_loads_nothing_of_the_domain(stack: Servers, service: str) -> None:
    told = subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-c", LOADED.format(service=service)],
        env=environment_of_part(stack, "unused", 1),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(told.stdout.split())
    assert {f"{service}.settings", "chassis.stream.relay"} <= loaded
    assert not loaded & {f"{service}.domain", f"{service}.api", f"{service}.store", "contracts"}


def test_a_service_publishes_on_the_topic_that_its_relay_finds_by_its_name() -> None:
    assert {service: topic_of(service) for service in TOPICS} == TOPICS


def test_reporting_publishes_nothing_and_so_has_no_relay(stack: Servers) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "reporting", "relay"],
        env=environment_of_part(stack, "unused", 1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr.strip()) == (1, "unknown mode 'relay': expected one of all, api, worker")
