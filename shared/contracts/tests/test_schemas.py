"""The committed schemas are those of the classes, and a released event only grows."""

import copy
from typing import Any

import pytest
from contracts import catalogue_page, schemas

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["study_id"],
    "properties": {
        "study_id": {"type": "string", "maxLength": 10},
        "status": {"type": "string", "enum": ["active", "closed"]},
        "planned": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "sponsor": {"$ref": "#/$defs/Sponsor"},
    },
    "$defs": {"Sponsor": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
}


def test_every_event_has_its_committed_schema_and_none_is_left_over() -> None:
    assert schemas.committed().keys() == schemas.current().keys()


@pytest.mark.parametrize("name", sorted(schemas.current()))
def test_a_committed_schema_is_what_its_class_says(name: str) -> None:
    assert schemas.committed()[name] == schemas.current()[name], "run `make contracts` and read what changed"


@pytest.mark.parametrize("name", sorted(schemas.current()))
def test_no_released_event_has_changed_incompatibly(name: str) -> None:
    assert schemas.incompatibilities(schemas.committed()[name], schemas.current()[name]) == []


def test_the_catalogue_for_people_is_what_the_classes_say() -> None:
    assert catalogue_page.PAGE.read_text() == catalogue_page.text(), "run `make contracts`"


def test_an_added_field_is_compatible() -> None:
    grown = copy.deepcopy(SCHEMA)
    grown["properties"]["city"] = {"type": "string"}
    grown["properties"]["status"]["enum"].append("on_hold")
    assert schemas.incompatibilities(SCHEMA, grown) == []


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("properties", "status"), None, "body.status is gone"),
        (("required",), ["study_id", "status"], "body.status is newly required"),
        (("properties", "study_id", "type"), "integer", "body.study_id no longer takes string"),
        (("properties", "study_id", "maxLength"), 5, "body.study_id has a tighter maxLength"),
        (("properties", "study_id", "pattern"), "^N", "body.study_id has another pattern"),
        (("properties", "status", "enum"), ["active"], "body.status no longer takes every value it took"),
        (("properties", "planned"), {"type": "integer"}, "body.planned no longer takes null"),
        (("$defs", "Sponsor", "properties", "id"), None, "body.sponsor.id is gone"),
    ],
)
def test_a_change_that_breaks_readers_is_named(path: tuple[str, ...], value: Any, named: str) -> None:
    changed = copy.deepcopy(SCHEMA)
    *parents, last = path
    place = changed
    for parent in parents:
        place = place[parent]
    if value is None:
        del place[last]
    else:
        place[last] = value
    assert named in schemas.incompatibilities(SCHEMA, changed)
