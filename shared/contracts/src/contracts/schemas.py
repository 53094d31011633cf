"""The JSON Schemas of the published events, as files, and what may not change about them.

`python -m contracts.schemas` writes them anew from the event classes. The committed files are what partners rely on: a
test compares each with its class, and `incompatibilities` names every change that would break a reader.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from contracts import catalogue_page
from contracts.catalogue import EVENTS
from contracts.envelope import Envelope

DIRECTORY = Path(str(files("contracts"))) / "published"
ENVELOPE = "envelope.v1"


def current() -> dict[str, dict[str, Any]]:
    """The schemas as the classes are now: event type → JSON Schema of the body; and the envelope's."""
    bodies = {name: event.model_json_schema() for name, event in EVENTS.items()}
    return {**bodies, ENVELOPE: Envelope.model_json_schema()}


def committed() -> dict[str, dict[str, Any]]:
    """The schemas as they were published."""
    return {path.name.removesuffix(".json"): json.loads(path.read_text()) for path in DIRECTORY.glob("*.json")}


def text_of(schema: Mapping[str, Any]) -> str:
    """A schema as its file has it."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def incompatibilities(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Every change from one schema to the next that a `.v1` may not have; empty where it only grows.

    Not allowed: a field gone, one newly required, a type changed, a value of an enumeration gone, a bound tightened.
    """
    return list(_broken(before, after, before, after, "body"))


def _broken(
    old: Mapping[str, Any], new: Mapping[str, Any], old_root: Mapping[str, Any], new_root: Mapping[str, Any], at: str
) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    for name in sorted(old.get("properties", {}).keys() - new.get("properties", {}).keys()):
        yield f"{at}.{name} is gone"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{at}.{name} is newly required"
    yield from _narrowed(old, new, at)
    for name, schema in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from _broken(schema, new["properties"][name], old_root, new_root, f"{at}.{name}")
    if "items" in old and "items" in new:
        yield from _broken(old["items"], new["items"], old_root, new_root, f"{at}[]")


def _narrowed(old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[str]:
    if _types(old) - _types(new):
        yield f"{at} no longer takes {', '.join(sorted(_types(old) - _types(new)))}"
    gone = set(old.get("enum", ())) - set(new.get("enum", old.get("enum", ())))
    if gone or ("enum" in new and "enum" not in old):
        yield f"{at} no longer takes every value it took"
    if new.get("pattern") not in {None, old.get("pattern")}:
        yield f"{at} has another pattern"
    for bound, tightens in (("maxLength", min), ("maximum", min), ("minLength", max), ("minimum", max)):
        if bound in new and (
            bound not in old or (new[bound] != old[bound] and tightens(new[bound], old[bound]) == new[bound])
        ):
            yield f"{at} has a tighter {bound}"


def _types(schema: Mapping[str, Any]) -> set[str]:
    branches = schema.get("anyOf", [schema])
    return {branch["type"] for branch in branches if "type" in branch}


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return root["$defs"][reference.rpartition("/")[2]] if reference else schema


def write() -> None:
    """Write the files anew. Refuses, naming each, where a published event would change incompatibly."""
    before, after = committed(), current()
    broken = [one for name in before for one in _changes(name, before[name], after.get(name))]
    if broken:
        raise SystemExit("A published event only grows; make a .v2 beside it instead:\n  " + "\n  ".join(broken))
    DIRECTORY.mkdir(exist_ok=True)
    for name, schema in after.items():
        (DIRECTORY / f"{name}.json").write_text(text_of(schema))
    catalogue_page.write()


def _changes(name: str, before: Mapping[str, Any], after: Mapping[str, Any] | None) -> list[str]:
    found = incompatibilities(before, after) if after is not None else ["the event is gone"]
    return [f"{name}: {one}" for one in found]


if __name__ == "__main__":
    write()
