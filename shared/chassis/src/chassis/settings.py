"""Settings that every service shares, from the environment only, with one line for each wrong variable."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.seal_keys import SealKey

ENV_PREFIX = "STUDYLINE_"

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+[^\s?#]*$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
FileStore = Literal["gridfs", "s3"]
S3_NEEDED = ("s3_endpoint", "s3_bucket", "s3_access_key_id", "s3_secret_access_key")


@dataclass(frozen=True)
class ObjectStore:
    """Where an object store is, and by which credentials."""

    endpoint: str
    bucket: str
    region: str
    access_key_id: SecretStr
    secret_access_key: SecretStr
    ca_file: Path | None


def _with_seal_key(file: Path) -> Path:
    try:
        SealKey.load(file.read_bytes())
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror})") from error
    return file


def _with_certificates(file: Path) -> Path:
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"the file holds no certificates that can be read ({type(error).__name__})") from error
    return file


def _being_seal_key(pem: SecretStr) -> SecretStr:
    SealKey.load(pem.get_secret_value().encode())
    return pem


class ServiceSettings(BaseSettings):
    """What a service needs to run; each field is the variable `STUDYLINE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    environment: Literal["development", "production"] = "production"
    mongodb_uri: SecretStr = Field(min_length=1)
    mongodb_database: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,63}$")]
    kafka_bootstrap: Annotated[str, StringConstraints(pattern=r"^[^\s,]+:\d+(,[^\s,]+:\d+)*$")]
    kafka_replication_factor: Annotated[int, Field(ge=1, le=9)] = 3
    topic_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""
    issuer_url: HttpUrl
    audience: Annotated[str, StringConstraints(min_length=1)] = "studyline"
    jwks_url: HttpUrl | None = None
    signing_algorithm: Literal["ES256", "RS256"] = "ES256"
    signing_acr_values: Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$")] = Field(
        default="urn:studyline:acr:signing",
        description="Authentication classes (acr) that are good for signing, separated by spaces, best first",
    )
    signing_max_age_seconds: Annotated[int, Field(ge=10, le=3_600)] = Field(
        default=300, description="How old the authentication of who signs may be"
    )
    instance: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = Field(
        default=None,
        description="Name of this replica that stays the same over restarts, so that it goes on where it was",
    )
    http_host: str = "0.0.0.0"  # noqa: S104 - a service in a container is reached from outside it
    http_port: Port
    http_body_limit_bytes: Annotated[int, Field(ge=1_024)] = 1_048_576
    file_limit_bytes: Annotated[int, Field(ge=1_024)] = Field(
        default=52_428_800, description="How large a file may be that is uploaded"
    )
    s3_endpoint: HttpUrl | None = Field(
        default=None,
        description="Address of an object store that speaks S3, such as https://s3.eu-central-1.amazonaws.com",
    )
    s3_bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    s3_region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")] = "us-east-1"
    s3_access_key_id: Annotated[SecretStr, Field(min_length=1)] | None = None
    s3_secret_access_key: Annotated[SecretStr, Field(min_length=1)] | None = None
    s3_ca_file: Annotated[Path, AfterValidator(_with_certificates)] | None = Field(
        default=None,
        description="Certificates in PEM that the object store's own rests on, besides those of the system",
    )
    files_store: FileStore = Field(
        default="gridfs",
        validate_default=True,
        description="Where new files go: to the database (gridfs) or the object store (s3); old ones stay readable",
    )
    shutdown_limit_seconds: Annotated[float, Field(gt=0)] = 15.0
    outbox_limit: Annotated[int, Field(ge=1)] = Field(
        default=100_000,
        description="How many changes may wait for Kafka before further commands are turned away",
    )
    seal_key_file: Annotated[Path, AfterValidator(_with_seal_key)] | None = Field(
        default=None, description="The Ed25519 private key in PEM that signs the journal's checkpoints"
    )
    seal_key: Annotated[SecretStr, AfterValidator(_being_seal_key)] | None = Field(
        default=None, description="The same key itself, where secrets come by the environment"
    )
    seal_interval_seconds: Annotated[float, Field(gt=0, le=300)] = 60.0
    checkpoint_file: Path | None = Field(
        default=None, description="A file outside the database to which checkpoints are added, besides Kafka"
    )
    failpoints: Path | None = Field(default=None, description="Where tests arm fail points; development only")
    clock_offset_seconds: float = Field(
        default=0.0, description="How far tests let the wall clock go wrong; development only"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @field_validator("files_store")
    @classmethod
    def _object_store_is_whole(cls, store: FileStore, info: ValidationInfo) -> FileStore:
        # What was wrong by itself is not among the data, and is told by itself.
        missing = [name for name in S3_NEEDED if name in info.data and info.data[name] is None]
        if missing and (store == "s3" or len(missing) < len(S3_NEEDED)):
            names = ", ".join(f"{ENV_PREFIX}{name.upper()}" for name in missing)
            raise ValueError(f"the object store is not described whole, set {names} as well")
        return store

    @property
    def object_store(self) -> ObjectStore | None:
        """The object store; None where none is described."""
        endpoint, bucket, key_id, secret = (
            self.s3_endpoint,
            self.s3_bucket,
            self.s3_access_key_id,
            self.s3_secret_access_key,
        )
        if endpoint is None or bucket is None or key_id is None or secret is None:
            return None
        return ObjectStore(endpoint, bucket, self.s3_region, key_id, secret, self.s3_ca_file)

    def load_seal_key(self) -> SealKey | None:
        """The key that signs checkpoints, from its file or the environment; None where none was given."""
        if self.seal_key_file is not None:
            return SealKey.load(self.seal_key_file.read_bytes())
        return SealKey.load(self.seal_key.get_secret_value().encode()) if self.seal_key is not None else None


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load(settings_class: type[SettingsT]) -> SettingsT:
    """Read the environment, or end the process with one line for each variable that is missing or wrong.

    Raises `SystemExit` with the readable text; values are never shown, because some are secrets.
    """
    try:
        return settings_class.model_validate({})
    except ValidationError as invalid:
        lines = [_explained(error) for error in invalid.errors(include_url=False, include_input=False)]
        message = "The settings are not complete:\n  " + "\n  ".join(lines)
        raise SystemExit(message) from None


def _explained(error: ErrorDetails) -> str:
    variable = ENV_PREFIX + "_".join(str(part) for part in error["loc"]).upper()
    if error["type"] == "missing":
        return f"{variable} is missing: set it in the environment."
    return f"{variable} is not usable: {error['msg'][:1].lower()}{error['msg'][1:]}."
