"""What is wrong with one record, as sentences about its fields, from the errors of its pydantic model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

LONGEST_SHOWN = 60
_EXPECTED = {
    "string_type": "expected text",
    "string_too_short": "is empty",
    "int_type": "expected a whole number",
    "model_type": "expected an object",
    "tuple_type": "expected a list",
    "string_unicode": "holds bytes that are no UTF-8 text",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One wrong field: its dotted path in the source (None: the whole record) and a reason."""

    field: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Faulty:
    """A record that cannot be taken, with everything that is wrong with it; `key` where it could be read."""

    key: str | None
    flaws: tuple[Flaw, ...]


def flaws_of(error: ValidationError) -> tuple[Flaw, ...]:
    """Give a flaw for each error of the model."""
    return tuple(_flaw(dict(each)) for each in error.errors(include_url=False))


def _flaw(error: Mapping[str, Any]) -> Flaw:
    path = ".".join(str(part) for part in error["loc"]) or None
    kind, value = error["type"], error["input"]
    if kind == "json_invalid":
        cause = str(error["ctx"]["error"]).replace("at line 1 column", "at character")
        return Flaw(None, f"is broken JSON: {cause}")
    if kind == "missing":
        return Flaw(path, "is missing")
    message = _EXPECTED.get(kind, str(error["msg"]).removeprefix("Value error, "))
    if message.startswith("is "):
        return Flaw(path, f"{_shown(value)} {message}")
    if kind == "value_error" and not message.startswith("expected "):
        return Flaw(path, message)
    return Flaw(path, f"{_shown(value)} is not acceptable: {message[:1].lower()}{message[1:]}")


def _shown(value: object) -> str:
    """Show a value as the source's JSON writes it, cut where it is long."""
    text = value if isinstance(value, str) else to_json(value, fallback=str).decode()
    text = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return repr(text) if isinstance(value, str) else text
