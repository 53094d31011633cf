"""Settings come from the environment, and a mistake is explained by the variable's name."""

import pytest
from chassis.settings import ServiceSettings, load

COMPLETE = {
    "STUDYLINE_MONGODB_URI": "mongodb://sites:hush@localhost:27017/?replicaSet=rs0",
    "STUDYLINE_MONGODB_DATABASE": "studyline_sites",
    "STUDYLINE_KAFKA_BOOTSTRAP": "localhost:9092,localhost:9093",
    "STUDYLINE_ISSUER_URL": "http://localhost:9000",
    "STUDYLINE_HTTP_PORT": "8080",
}


@pytest.fixture(autouse=True)
def complete_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)


def test_a_complete_environment_gives_settings_with_safe_defaults() -> None:
    settings = load(ServiceSettings)
    assert settings.http_port == 8080
    assert settings.environment == "production"
    assert settings.kafka_replication_factor == 3
    assert settings.http_body_limit_bytes == 1_048_576


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    assert "hush" not in repr(load(ServiceSettings))


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SystemExit, match=f"{name} is missing: set it in the environment"):
        load(ServiceSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STUDYLINE_HTTP_PORT", "http"),
        ("STUDYLINE_HTTP_PORT", "70000"),
        ("STUDYLINE_ENVIRONMENT", "staging"),
        ("STUDYLINE_ISSUER_URL", "localhost:9000"),
        ("STUDYLINE_ISSUER_URL", "file:///etc/passwd"),
        ("STUDYLINE_KAFKA_BOOTSTRAP", "localhost"),
        ("STUDYLINE_MONGODB_DATABASE", "a/b"),
        ("STUDYLINE_MONGODB_URI", ""),
        ("STUDYLINE_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_variable_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=f"{name} is not usable") as stopped:
        load(ServiceSettings)
    assert "hush" not in str(stopped.value)


def test_all_mistakes_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        monkeypatch.delenv(name)
    with pytest.raises(SystemExit) as stopped:
        load(ServiceSettings)
    assert all(name in str(stopped.value) for name in COMPLETE)
