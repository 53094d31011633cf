"""The public language: the event envelope and every published event class."""

from contracts.catalogue import EVENTS, PUBLISHERS, TOPICS, Malformed, Received, received
from contracts.envelope import Envelope, Provenance, envelope_of
from contracts.events import PublicEvent, Sponsor
from contracts.identifiers import derived_id, sponsor_id

__all__ = [
    "EVENTS",
    "PUBLISHERS",
    "TOPICS",
    "Envelope",
    "Malformed",
    "Provenance",
    "PublicEvent",
    "Received",
    "Sponsor",
    "derived_id",
    "envelope_of",
    "received",
    "sponsor_id",
]
