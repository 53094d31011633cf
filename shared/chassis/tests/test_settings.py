"""Settings come from the environment, and a mistake is explained by the variable's name."""

from pathlib import Path

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


S3 = {
    "STUDYLINE_S3_ENDPOINT": "https://s3.eu-central-1.amazonaws.com",
    "STUDYLINE_S3_BUCKET": "studyline-files",
    "STUDYLINE_S3_ACCESS_KEY_ID": "key-hush",
    "STUDYLINE_S3_SECRET_ACCESS_KEY": "secret-hush",
}


def test_files_go_into_the_database_unless_a_setting_says_otherwise() -> None:
    settings = load(ServiceSettings)
    assert (settings.files_store, settings.object_store) == ("gridfs", None)


@pytest.mark.parametrize("store", ["gridfs", "s3"])
def test_an_object_store_is_described_whole_and_its_secrets_do_not_show(
    monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    for name, value in {**S3, "STUDYLINE_FILES_STORE": store}.items():
        monkeypatch.setenv(name, value)
    settings = load(ServiceSettings)
    where = settings.object_store
    assert where is not None
    assert (settings.files_store, where.bucket, where.region) == (store, "studyline-files", "us-east-1")
    assert "hush" not in repr(settings) + repr(where)


@pytest.mark.parametrize("name", S3)
@pytest.mark.parametrize("store", ["gridfs", "s3"])
def test_what_is_missing_of_an_object_store_is_named(monkeypatch: pytest.MonkeyPatch, name: str, store: str) -> None:
    for other, value in {**S3, "STUDYLINE_FILES_STORE": store}.items():
        if other != name:
            monkeypatch.setenv(other, value)
    with pytest.raises(SystemExit, match=f"the object store is not described whole, set {name} as well") as stopped:
        load(ServiceSettings)
    assert "hush" not in str(stopped.value)


def test_a_store_of_files_that_is_not_described_at_all_is_named_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDYLINE_FILES_STORE", "s3")
    with pytest.raises(SystemExit) as stopped:
        load(ServiceSettings)
    assert all(name in str(stopped.value) for name in S3)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("STUDYLINE_S3_CA_FILE", str(file))
    with pytest.raises(SystemExit, match=r"STUDYLINE_S3_CA_FILE is not usable: .*no certificates that can be read"):
        load(ServiceSettings)
