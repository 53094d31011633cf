"""docker-compose.yml tells every service what its settings need, and nothing they do not know."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from chassis.settings import ENV_PREFIX, ServiceSettings

ROOT = Path(__file__).parents[2]
SERVICES = ("sites", "monitoring", "regulatory", "reporting")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_built_from_the_one_dockerfile_and_told_all_it_needs(service: str) -> None:
    described = COMPOSE["services"][service]
    assert described["build"] == {
        "context": ".",
        "dockerfile": "deploy/docker/Dockerfile",
        "args": {"SERVICE": service},
    }
    settings: type[ServiceSettings] = import_module(f"{service}.settings").Settings
    known = {f"{ENV_PREFIX}{name.upper()}": field for name, field in settings.model_fields.items()}
    told = {name for name in described["environment"] if name.startswith(ENV_PREFIX)}
    assert told <= known.keys()
    by_image = {f"{ENV_PREFIX}HTTP_PORT"}
    assert {name for name, field in known.items() if field.is_required()} - by_image <= told


def test_every_variable_without_a_default_is_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    wanted = set(re.findall(r"\$\{(\w+)[:}]", text)) - {"OTEL_EXPORTER_OTLP_ENDPOINT"}
    example = (ROOT / "deploy" / "docker" / "example.env").read_text()
    assert wanted <= set(re.findall(r"^(\w+)=", example, flags=re.MULTILINE))
