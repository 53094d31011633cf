"""Every event the platform publishes, and how a record becomes one of them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pydantic import ValidationError

from contracts import monitoring, regulatory, sites
from contracts.envelope import Envelope, envelope_of
from contracts.events import PublicEvent

PUBLISHERS: Final = {"sites": sites, "regulatory": regulatory, "monitoring": monitoring}
TOPICS: Final = {name: module.TOPIC for name, module in PUBLISHERS.items()}
EVENTS: Final[Mapping[str, type[PublicEvent]]] = {
    event.TYPE: event for module in PUBLISHERS.values() for event in module.EVENTS
}


class Malformed(ValueError):  # noqa: N818 - it names what the record is
    """A record of a known type that its contract does not allow. The text names each field and what was expected."""


class Received(NamedTuple):
    """One event as a subscriber sees it."""

    envelope: Envelope
    event: PublicEvent


def received(headers: Mapping[str, str], body: bytes) -> Received | None:
    """Read a record. None where the type is unknown (newer than this reader).

    Raises Malformed where the record breaks its contract.
    """
    event_class = EVENTS.get(headers.get("ce_type", ""))
    if event_class is None:
        return None
    try:
        return Received(envelope_of(headers), event_class.model_validate_json(body))
    except ValidationError as error:
        raise Malformed(_explained(error)) from error


def _explained(error: ValidationError) -> str:
    found = (f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors(include_url=False))
    return "; ".join(found)
