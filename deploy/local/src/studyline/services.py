"""The four services: what each is told by its environment, and when it counts as ready."""

import os
import secrets
import sys
from collections.abc import Mapping
from functools import partial

import httpx

from studyline.issuer.settings import (
    CLIENTS_FILE,
    COMMAND_CLIENT,
    PORTAL_CLIENT,
    ClientApplication,
    load_clients,
    save_clients,
)
from studyline.paths import Layout
from studyline.ports import LOOPBACK
from studyline.processes import OWNER_VARIABLE, NotReadyError, Program
from studyline.replica_set import DATABASES, ReplicaSet
from studyline.seals import SEALED, ensure_seal
from studyline.state import StackAddresses

SERVICES = ("sites", "regulatory", "monitoring", "reporting")
PORTAL_CALLBACK = "/portal/callback"
AUDIENCE = "studyline"
SHUTDOWN_LIMIT_SECONDS = 10


def service_program(layout: Layout, service: str, whole: ReplicaSet, addresses: StackAddresses) -> Program:
    """Say how to run one service against the servers of this stack."""
    url: str = getattr(addresses, service)
    settings = {
        **_common(url, addresses),
        "STUDYLINE_MONGODB_URI": whole.service_uri(service),
        "STUDYLINE_MONGODB_DATABASE": DATABASES[service],
        "STUDYLINE_KAFKA_BOOTSTRAP": addresses.kafka,
        "STUDYLINE_KAFKA_REPLICATION_FACTOR": str(len(whole.hosts)),
        "STUDYLINE_INSTANCE": "local",
        "STUDYLINE_SHUTDOWN_LIMIT_SECONDS": str(SHUTDOWN_LIMIT_SECONDS),
        **(_portal(layout, addresses) if service == "reporting" else {}),
        **(ensure_seal(layout, service) if service in SEALED else {}),
    }
    return _python_program(layout, service, [service, "all"], settings, url)


def issuer_program(layout: Layout, addresses: StackAddresses) -> Program:
    """Say how to run the development issuer, and register its two client applications."""
    _register_clients(layout, addresses)
    settings = {**_common(addresses.issuer, addresses), "STUDYLINE_ISSUER_FOLDER": os.fspath(layout.issuer)}
    return _python_program(layout, "issuer", ["studyline.issuer"], settings, addresses.issuer)


def _python_program(layout: Layout, name: str, module: list[str], settings: Mapping[str, str], url: str) -> Program:
    return Program(
        name=name,
        command=[sys.executable, "-m", *module],
        # As in the image: threads that wait for MongoDB share two heaps instead of keeping one each.
        environment={"MALLOC_ARENA_MAX": "2", **os.environ, **settings, OWNER_VARIABLE: os.fspath(layout.root)},
        folder=layout.root,
        log=layout.logs / f"{name}.log",
        probe=partial(require_ready, url),
    )


def _common(url: str, addresses: StackAddresses) -> dict[str, str]:
    return {
        "STUDYLINE_ENVIRONMENT": "development",
        "STUDYLINE_ISSUER_URL": addresses.issuer,
        "STUDYLINE_AUDIENCE": AUDIENCE,
        "STUDYLINE_HTTP_HOST": LOOPBACK,
        "STUDYLINE_HTTP_PORT": url.rpartition(":")[2],
    }


def _portal(layout: Layout, addresses: StackAddresses) -> dict[str, str]:
    return {
        "STUDYLINE_PORTAL_URL": addresses.portal.rstrip("/"),
        "STUDYLINE_PORTAL_CLIENT_ID": PORTAL_CLIENT,
        "STUDYLINE_PORTAL_CLIENT_SECRET": load_clients(layout.issuer)[PORTAL_CLIENT].secret,
    }


def _register_clients(layout: Layout, addresses: StackAddresses) -> None:
    known = load_clients(layout.issuer) if (layout.issuer / CLIENTS_FILE).exists() else {}
    secret = {
        client: known[client].secret if client in known else secrets.token_urlsafe(32)
        for client in (COMMAND_CLIENT, PORTAL_CLIENT)
    }
    callback = f"{addresses.portal.rstrip('/')}{PORTAL_CALLBACK}"
    portal = ClientApplication(secret=secret[PORTAL_CLIENT], redirect_uris=(callback,))
    command = ClientApplication(secret=secret[COMMAND_CLIENT], client_credentials=True)
    save_clients(layout.issuer, {COMMAND_CLIENT: command, PORTAL_CLIENT: portal})


async def require_ready(url: str) -> None:
    """Raise NotReadyError, with what the service says is missing, until it is ready."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            answer = await client.get(f"{url}/health/ready")
        except httpx.TransportError as error:
            raise NotReadyError(str(error) or type(error).__name__) from error
    if not answer.is_success:
        raise NotReadyError(missing_checks(answer))


def missing_checks(answer: httpx.Response) -> str:
    """Name what a readiness answer reports as not ok."""
    try:
        checks: dict[str, dict[str, object]] = answer.json()["checks"]
        missing = [f"{name}: {check['detail']}" for name, check in checks.items() if not check["ok"]]
    except (ValueError, KeyError, TypeError):
        missing = []
    return "; ".join(missing) or f"answers {answer.status_code}"
