"""The catalogue of published events, for people: shared/contracts/CATALOGUE.md."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from contracts.catalogue import PUBLISHERS
from contracts.events import PublicEvent

PAGE = Path(str(files("contracts"))).parents[1] / "CATALOGUE.md"
_INTRODUCTION = """# Event catalogue

Made by `make contracts` from the event classes; a test keeps it true.

Events are CloudEvents 1.0 in Kafka's binary mode: the attributes are headers `ce_<name>`
([envelope.v1.json](src/contracts/published/envelope.v1.json)), the body is JSON. The key is the study id; order is
promised within one `ce_subject`. `ce_occurredtime` says when it happened with the precision of its source, and is
absent where none was reported; `ce_recordedtime` says when the platform learned it; `ce_provenance` is `recorded` or
`migrated`. Events only grow: ignore fields you do not know, and skip types you do not know.
"""


def write() -> None:
    """Write the page anew, in a checkout."""
    if (PAGE.parent / "pyproject.toml").exists():
        PAGE.write_text(text())


def text() -> str:
    """The page as it should be."""
    parts = [_INTRODUCTION]
    for publisher, module in PUBLISHERS.items():
        parts.append(f"\n## {publisher}\n\nTopic `{module.TOPIC}`.\n")
        parts += [_described(event) for event in module.EVENTS]
    return "".join(parts)


def _described(event: type[PublicEvent]) -> str:
    rows = "".join(
        f"| `{name}` | {_form(field.annotation)} | {field.description or ''} |\n"
        for name, field in event.model_fields.items()
    )
    told = " ".join((event.__doc__ or "").split())
    return f"\n### `{event.TYPE}`\n\n{told}\n\n| field | form | |\n|---|---|---|\n{rows}"


def _form(annotation: Any) -> str:
    schema = TypeAdapter(annotation).json_schema()
    branches = schema.get("anyOf", [schema])
    return " or ".join(_form_of(branch) for branch in branches)


def _form_of(branch: Mapping[str, Any]) -> str:
    if "enum" in branch:
        return ", ".join(f"`{value}`" for value in branch["enum"])
    if branch.get("type") == "array":
        return f"list of {branch['items'].get('type', 'object')}"
    return str(branch.get("type", "object"))
