"""The few pure values every domain speaks with: refusals, business times, signatures, frozen bases for deciders.

Imports pydantic and the standard library only. Nothing here reads a clock, a network or a database.
"""

from kernel.business_time import BusinessTime, DateOnly, bounds, is_before, parse_business_time
from kernel.deciding import Command, Event, State, changed
from kernel.identity import derived_id
from kernel.refusal import Reason, Refused
from kernel.signature import Meaning, Sha256, Signature, SignedContent, SignedEvent, content_sha256

__all__ = [
    "BusinessTime",
    "Command",
    "DateOnly",
    "Event",
    "Meaning",
    "Reason",
    "Refused",
    "Sha256",
    "Signature",
    "SignedContent",
    "SignedEvent",
    "State",
    "bounds",
    "changed",
    "content_sha256",
    "derived_id",
    "is_before",
    "parse_business_time",
]
