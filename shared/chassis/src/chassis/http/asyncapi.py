"""AsyncAPI 3.0 of a publishing service: its topic, its events, and the CloudEvents headers they travel with."""

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

_HEADERS = ("id", "source", "type", "subject", "time", "sponsor", "study", "aggregateversion", "recordedtime")
_OPTIONAL = ("occurredtime", "provenance", "correlationid", "causationid")


def document_of(service: str, version: str, topic: str, events: Sequence[type[Any]]) -> dict[str, JsonValue]:
    """The AsyncAPI document of what the service publishes."""
    schemas: dict[str, JsonValue] = {}
    messages = {event.__name__: _message(event, schemas) for event in events}
    references: list[JsonValue] = [{"$ref": f"#/channels/events/messages/{name}"} for name in messages]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Studyline {service} events",
            "version": version,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": topic,
                "description": "CloudEvents 1.0 in Kafka's binary mode; key: study id; order is kept per ce_subject.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {"publish": {"action": "send", "channel": {"$ref": "#/channels/events"}, "messages": references}},
        "components": {"messages": messages, "schemas": schemas},
    }


def _message(event: type[Any], schemas: dict[str, JsonValue]) -> JsonValue:
    payload: dict[str, JsonValue] = event.model_json_schema(ref_template="#/components/schemas/{model}")
    shared = payload.pop("$defs", {})
    assert isinstance(shared, dict), "definitions are an object"
    schemas.update(shared)
    headers: JsonValue = {
        "type": "object",
        "required": [f"ce_{name}" for name in ("specversion", *_HEADERS)],
        "properties": {f"ce_{name}": {"type": "string"} for name in ("specversion", *_HEADERS, *_OPTIONAL)},
    }
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": event.__doc__ or "",
        "contentType": "application/json",
        "headers": headers,
        "payload": payload,
    }
