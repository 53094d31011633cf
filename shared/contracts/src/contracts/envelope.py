"""The envelope of every published event: CloudEvents 1.0 in Kafka's binary mode.

Attributes travel as headers `ce_<name>`, the event itself is the JSON body. Extension names follow CloudEvents
(lower-case letters and digits). `time` is the instant the system recorded the event's occurrence from, always a full
RFC 3339 timestamp; `occurredtime` keeps the precision the source had (`2021-06`) and is absent where none was reported.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from kernel import BusinessTime
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Provenance = Literal["recorded", "migrated"]


class Envelope(BaseModel):
    """The CloudEvents attributes of one event. Unknown attributes are ignored: envelopes only grow."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=64, description="Same event, same id, however often it is delivered")
    source: str = Field(description="Publishing service, such as /studyline/sites")
    type: str = Field(description="Event type with its major version, such as studyline.sites.site.activated.v1")
    subject: str = Field(description="Aggregate, such as study-site/7b5c…; order is promised within one subject")
    time: AwareDatetime
    sponsor: str = Field(min_length=1, description="Sponsor id; every event belongs to exactly one sponsor")
    study: str = Field(min_length=1, description="Study id")
    aggregateversion: int = Field(ge=1, description="1, 2, 3 … within the subject, without gaps")
    recordedtime: AwareDatetime = Field(description="When the platform learned it")
    occurredtime: BusinessTime | None = None
    provenance: Provenance = "recorded"
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    obligation: str | None = Field(
        default=None, description="The transferred obligation by which was acted; absent where no agreement governs it"
    )
    agreement: str | None = Field(default=None, description="Id of the agreement that transferred it")

    @property
    def recorded_at(self) -> datetime:
        """When the platform learned it, in the words of the HTTP interfaces."""
        return self.recordedtime

    @property
    def occurred_at(self) -> str | None:
        """When it happened in the world, with the precision of its source; None where none was reported."""
        return self.occurredtime

    @property
    def aggregate_id(self) -> str:
        """The id within the subject: `study-site/42` gives `42`."""
        return self.subject.partition("/")[2]


_ATTRIBUTES: Final = {f"ce_{name}": name for name in Envelope.model_fields}


def envelope_of(headers: Mapping[str, str]) -> Envelope:
    """Read the envelope from Kafka headers. Raises pydantic.ValidationError naming each attribute that is wrong."""
    attributes = {_ATTRIBUTES[name]: value for name, value in headers.items() if name in _ATTRIBUTES}
    trace = {"traceparent": headers["traceparent"]} if "traceparent" in headers else {}
    return Envelope.model_validate(attributes | trace)
