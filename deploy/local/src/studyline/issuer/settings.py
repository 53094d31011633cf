"""What the issuer needs to know, from the environment."""

import ipaddress
import json
import os
from collections.abc import Mapping
from pathlib import Path

from chassis.settings import ServiceSettings
from pydantic import BaseModel, ConfigDict, TypeAdapter

from studyline.errors import StackError
from studyline.paths import write_private

CLIENTS_FILE = "clients.json"
COMMAND_CLIENT = "studyline-command"
PORTAL_CLIENT = "studyline-portal"
SIGNING_CLASSES: str = ServiceSettings.model_fields["signing_acr_values"].default
"""The classes of authentication that are good for signing, as the services expect them."""


class ClientApplication(BaseModel):
    """One application that may ask for tokens; redirect addresses are compared character by character."""

    model_config = ConfigDict(frozen=True)

    secret: str
    redirect_uris: tuple[str, ...] = ()
    client_credentials: bool = False


class IssuerSettings(BaseModel):
    """Where the issuer listens, what it calls itself, and whom it serves."""

    model_config = ConfigDict(frozen=True)

    url: str
    host: str
    port: int
    audience: str
    folder: Path
    clients: dict[str, ClientApplication]
    signing_classes: tuple[str, ...] = tuple(SIGNING_CLASSES.split())


CLIENTS = TypeAdapter(dict[str, ClientApplication])


def save_clients(folder: Path, clients: Mapping[str, ClientApplication]) -> None:
    """Register the client applications; the file holds their secrets."""
    write_private(folder / CLIENTS_FILE, CLIENTS.dump_json(dict(clients)).decode())


def load_clients(folder: Path) -> dict[str, ClientApplication]:
    """Read the registered client applications."""
    return CLIENTS.validate_python(json.loads((folder / CLIENTS_FILE).read_text()))


def load_settings(environment: Mapping[str, str] = os.environ) -> IssuerSettings:
    """Read the environment. Raises StackError outside development or away from loopback."""
    if environment.get("STUDYLINE_ENVIRONMENT") != "development":
        message = (
            "The development issuer gives every role to everybody: it starts only with "
            "STUDYLINE_ENVIRONMENT=development; "
            "in production name your identity provider in STUDYLINE_ISSUER_URL"
        )
        raise StackError(message)
    host = environment.get("STUDYLINE_HTTP_HOST", "127.0.0.1")
    if not _is_loopback(host):
        message = f"The development issuer listens on loopback only: set STUDYLINE_HTTP_HOST=127.0.0.1, not {host}"
        raise StackError(message)
    folder = Path(_required(environment, "STUDYLINE_ISSUER_FOLDER"))
    return IssuerSettings(
        url=_required(environment, "STUDYLINE_ISSUER_URL").rstrip("/"),
        host=host,
        port=int(_required(environment, "STUDYLINE_HTTP_PORT")),
        audience=environment.get("STUDYLINE_AUDIENCE", "studyline"),
        folder=folder,
        clients=load_clients(folder),
        signing_classes=tuple(environment.get("STUDYLINE_SIGNING_ACR_VALUES", SIGNING_CLASSES).split()),
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        message = f"{name} is missing: set it in the environment"
        raise StackError(message)
    return environment[name]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
