"""Each service's README says what it owns, accepts, publishes and listens to, and the code agrees."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from chassis.commands import Aggregate
from chassis.settings import ServiceSettings
from contracts import EVENTS, PUBLISHERS
from fastapi.routing import APIRoute

ROOT = Path(__file__).parents[2]
SERVICES = ("sites", "monitoring", "regulatory", "reporting")
SETTINGS: dict[str, Any] = {
    "mongodb_uri": "mongodb://127.0.0.1:1/?directConnection=true",
    "mongodb_database": "unused",
    "kafka_bootstrap": "127.0.0.1:1",
    "issuer_url": "http://127.0.0.1:1",
    "http_port": 1,
}


def table(service: str, heading: str) -> set[str]:
    """The first column of the table below a heading of the service's README, without back-ticks."""
    text = (ROOT / "services" / service / "README.md").read_text()
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    body = next(part for part in section if part.startswith(heading))
    return set(re.findall(r"^\| `([^`]+)` ", body, flags=re.MULTILINE))


def composed(service: str) -> Any:
    settings: type[ServiceSettings] = import_module(f"{service}.settings").Settings
    return import_module(f"{service}.app").compose(settings(**SETTINGS))


@pytest.mark.parametrize("service", SERVICES)
async def test_accepts_every_route_and_no_other(service: str) -> None:
    routes = [
        f"{method} {route.path}"
        for router in composed(service).routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]
    assert table(service, "Accepts") == set(routes)


@pytest.mark.parametrize("service", sorted(PUBLISHERS))
def test_publishes_every_event_of_its_contract_and_no_other(service: str) -> None:
    assert table(service, "Publishes") == {event.TYPE for event in PUBLISHERS[service].EVENTS}


def test_reporting_publishes_nothing() -> None:
    assert table("reporting", "Publishes") == set()


@pytest.mark.parametrize("service", sorted(PUBLISHERS))
def test_owns_every_aggregate_and_no_other(service: str) -> None:
    store = import_module(f"{service}.store")
    assert table(service, "Owns") == {one.name for one in vars(store).values() if isinstance(one, Aggregate)}


@pytest.mark.parametrize("service", SERVICES)
def test_listens_only_to_events_that_are_published(service: str) -> None:
    listens = table(service, "Listens to")
    assert listens
    assert listens <= EVENTS.keys()
