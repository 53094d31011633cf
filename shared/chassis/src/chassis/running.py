"""`python -m <service> [all|api|worker|relay]`: what of a service one process runs.

The HTTP API, the consumers and the relay run together or each alone, so that operations can scale and restart them
apart. Every one of them answers health and metrics. A relay alone needs nothing of the service's domain and loads none
of it, which is a third of a service's memory.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Final

from chassis import failpoints, garbage, logs, telemetry
from chassis.http.web import create_server
from chassis.kafka import topic_of
from chassis.service import Parts, Service
from chassis.settings import ServiceSettings, SettingsT, load
from chassis.stream.metadata_patience import wait_between_questions

MODES: Final = ("all", "api", "worker", "relay")


def run(name: str, settings_class: type[SettingsT], *, publishes: bool = True) -> None:
    """Run the package `name`, composed by its `app.compose`, as the command line asks, until it is told to stop."""
    modes = MODES if publishes else MODES[:-1]
    mode = sys.argv[1] if len(sys.argv) > 1 else "all"
    if mode not in modes:
        raise SystemExit(f"unknown mode {mode!r}: expected one of {', '.join(modes)}")
    settings = load(settings_class)
    service = relay_alone(name, settings) if mode == "relay" else _composed(name, settings)
    logs.configure(name, settings.log_level)
    telemetry.configure(name)
    failpoints.configure(name, settings)
    wait_between_questions()
    garbage.search_less()
    create_server(service.app(mode), settings).run()


def relay_alone(name: str, settings: ServiceSettings) -> Service:
    """What publishes and seals the journal of a service, and nothing else of it."""
    version = str(import_module(name).__version__)
    return Service(Parts.of(name, settings), f"Studyline {name}", version, (), _nothing, topic=topic_of(name))


def _composed(name: str, settings: ServiceSettings) -> Service:
    compose: Callable[[ServiceSettings], Service] = import_module(f"{name}.app").compose
    return compose(settings)


async def _nothing() -> None:
    """The service's own indexes are made where it runs."""
