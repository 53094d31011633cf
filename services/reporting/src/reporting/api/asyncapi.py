"""AsyncAPI of a service that only listens: every topic it reads, as its publisher describes it, received."""

from typing import Any

from chassis.http.asyncapi import document_of
from contracts import PUBLISHERS
from pydantic import JsonValue


def asyncapi_of(service: str, version: str) -> dict[str, JsonValue]:
    """One document of all publishers' channels, each with an operation that receives."""
    sources: dict[str, Any] = {
        name: document_of(name, version, module.TOPIC, module.EVENTS) for name, module in PUBLISHERS.items()
    }
    document: dict[str, Any] = document_of(service, version, "", ())
    return {
        **document,
        "channels": {name: source["channels"]["events"] for name, source in sources.items()},
        "operations": {f"receive-{name}": _received(name, source) for name, source in sources.items()},
        "components": {
            part: {key: value for source in sources.values() for key, value in source["components"][part].items()}
            for part in ("messages", "schemas")
        },
    }


def _received(name: str, source: dict[str, Any]) -> dict[str, Any]:
    messages = [
        {"$ref": f"#/channels/{name}/messages/{message}"} for message in source["channels"]["events"]["messages"]
    ]
    return {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}, "messages": messages}
