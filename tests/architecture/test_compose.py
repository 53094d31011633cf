"""docker-compose.yml tells every service what its settings need, and nothing they do not know."""

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from chassis.seal_keys import SealKey, load_public_keys
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


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_with_a_journal_gets_its_own_seal_key_and_keeps_checkpoints_outside_the_database(
    service: str,
) -> None:
    described = COMPOSE["services"][service]
    has_journal = any((ROOT / "services" / service / "src" / service).glob("publishing*"))
    environment = described["environment"]
    assert ("STUDYLINE_SEAL_KEY_FILE" in environment) == has_journal
    if has_journal:
        [secret] = described["secrets"]
        assert environment["STUDYLINE_SEAL_KEY_FILE"] == f"/run/secrets/{secret['target']}"
        assert COMPOSE["secrets"][secret["source"]]["file"].endswith(f"/{service}.key.pem")
        volume, _, folder = described["volumes"][0].partition(":")
        assert environment["STUDYLINE_CHECKPOINT_FILE"].startswith(f"{folder}/")
        assert volume in COMPOSE["volumes"]
        assert not any(
            volume in str(one.get("volumes")) for name, one in COMPOSE["services"].items() if name != service
        )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, as whoever makes keys for compose does")
def test_keys_are_made_as_the_services_take_them_and_changed_without_losing_the_old_public_one(tmp_path: Path) -> None:
    def make(*services: str) -> None:
        command = [ROOT / "deploy/docker/make-seal-keys", tmp_path, *services]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own script

    def key_of(service: str) -> SealKey:
        return SealKey.load((tmp_path / f"{service}.key.pem").read_bytes())

    make()
    first = {service: key_of(service).id for service in ("sites", "monitoring", "regulatory")}
    make()
    assert {service: key_of(service).id for service in first} == first
    (tmp_path / "sites.key.pem").unlink()
    make("sites")
    public = load_public_keys(sorted(tmp_path.glob("*.public.pem")))
    assert public.keys() == {*first.values(), key_of("sites").id}
    assert key_of("sites").id != first["sites"]


def test_every_variable_without_a_default_is_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    wanted = set(re.findall(r"\$\{(\w+)[:}]", text)) - {"OTEL_EXPORTER_OTLP_ENDPOINT"}
    example = (ROOT / "deploy" / "docker" / "example.env").read_text()
    assert wanted <= set(re.findall(r"^(\w+)=", example, flags=re.MULTILINE))
