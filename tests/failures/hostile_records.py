"""Hostile Kafka records: what a careless or malicious producer may put on a topic, by the name of each kind."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from contracts import Received

DEEP: Final = b"[" * 10_000 + b"]" * 10_000
LARGEST_BYTES: Final = 900_000


class Message(NamedTuple):
    """One record as Kafka carries it."""

    headers: list[tuple[str, bytes | None]]
    body: bytes | None


Forge = Callable[[Message], Message]


def genuine(one: Received) -> Message:
    """The event as its service publishes it."""
    attributes = one.envelope.model_dump(mode="json", exclude_none=True)
    headers: list[tuple[str, bytes | None]] = [("content-type", b"application/json")]
    headers += [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
    return Message(headers, one.event.model_dump_json().encode())


def body(value: bytes | None) -> Forge:
    """Another body under a genuine envelope."""
    return lambda message: message._replace(body=value)


def header(name: str, value: bytes | None) -> Forge:
    """One header replaced or added."""
    return lambda message: message._replace(headers=[*_without(message, name), (name, value)])


def without(name: str) -> Forge:
    """One header left out."""
    return lambda message: message._replace(headers=_without(message, name))


def edited(old: bytes, new: bytes) -> Forge:
    """The body with something in it replaced."""

    def forge(message: Message) -> Message:
        assert message.body is not None
        assert old in message.body
        return message._replace(body=message.body.replace(old, new, 1))

    return forge


def _without(message: Message, name: str) -> list[tuple[str, bytes | None]]:
    return [one for one in message.headers if one[0] != name]


def twice(name: str, value: bytes) -> Forge:
    """One header given a second time."""
    return lambda message: message._replace(headers=[*message.headers, (name, value)])


KINDS: Final[Mapping[str, Forge]] = {
    "no headers": lambda message: message._replace(headers=[]),
    "no body": body(None),
    "an empty body": body(b""),
    "no JSON": body(b"{"),
    "JSON null": body(b"null"),
    "a list": body(b"[]"),
    "a number": body(b"17"),
    "UTF-16": body("{}".encode("utf-16")),
    "no UTF-8": body(b'{"study_id": "\xff\xfe"}'),
    "nested 10,000 deep": body(DEEP),
    "objects 10,000 deep": body(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "NaN": edited(b'"study_id":', b'"extra": NaN, "study_id":'),
    "an infinite number": body(b'{"study_id": 1e999}'),
    "a number of 5,000 digits": body(b'{"study_id": ' + b"9" * 5_000 + b"}"),
    "a name given twice": edited(b'"study_id":', b'"study_id": 1, "study_id":'),
    "a raw NUL": edited(b'"study_id":"', b'"study_id":"\x00'),
    "an escaped NUL": edited(b'"study_id":"', b'"study_id":"\\u0000'),
    "a lone surrogate": edited(b'"study_id":"', b'"study_id":"\\ud800'),
    "an operator": body(b'{"study_id": {"$gt": ""}}'),
    "a huge text": body(b'{"study_id": "' + b"x" * LARGEST_BYTES + b'"}'),
    "another content type": lambda message: header("content-type", b"application/xml")(body(b"<a/>")(message)),
    "an unknown type": header("ce_type", b"studyline.sites.study.imagined.v1"),
    "a future schema": header("ce_type", b"studyline.sites.study.registered.v2"),
    "a type of 100,000 characters": header("ce_type", b"t" * 100_000),
    "a type that is no text": header("ce_type", b"\xff\xfe"),
    "a null type": header("ce_type", None),
    "no id": without("ce_id"),
    "an empty id": header("ce_id", b""),
    "an id of 1,000 characters": header("ce_id", b"i" * 1_000),
    "an id that is an operator": header("ce_id", b'{"$ne": null}'),
    "no sponsor": without("ce_sponsor"),
    "an empty sponsor": header("ce_sponsor", b""),
    "a null sponsor": header("ce_sponsor", None),
    "no study": without("ce_study"),
    "no subject": without("ce_subject"),
    "a subject that is no text": header("ce_subject", b"\xc3\x28"),
    "a subject with a NUL": header("ce_subject", b"study/\x00"),
    "a subject of 200,000 characters": header("ce_subject", b"study/" + b"s" * 200_000),
    "another envelope version": header("ce_specversion", b"0.3"),
    "no version": without("ce_aggregateversion"),
    "version zero": header("ce_aggregateversion", b"0"),
    "a negative version": header("ce_aggregateversion", b"-1"),
    "a version that is no number": header("ce_aggregateversion", b"seven"),
    "a version beyond 64 bits": header("ce_aggregateversion", b"9" * 40),
    "a gap in versions": header("ce_aggregateversion", b"77"),
    "an impossible time": header("ce_time", b"2026-02-30T00:00:00Z"),
    "a time without a zone": header("ce_recordedtime", b"2026-02-03T00:00:00"),
    "a year of five digits": header("ce_occurredtime", b"12026-01-01"),
    "a provenance of its own": header("ce_provenance", b"revealed"),
    "a reply address": lambda message: header("reply_to", b"studyline.sites")(body(b"{")(message)),
    "a correlation id of another broker": header("correlation_id", b"\xff\xff"),
    "a broken trace": header("traceparent", b"00-zz-\x00-01"),
    "a header given twice": twice("ce_subject", b"study/somebody-elses"),
    "5,000 headers": lambda message: message._replace(headers=[*message.headers, *[("x", b"y")] * 5_000]),
    "a header without a name": header("", b""),
}


def hostile(kind: str, base: Received) -> Any:
    """A record of this kind, made from a genuine event."""
    return KINDS[kind](genuine(base))
