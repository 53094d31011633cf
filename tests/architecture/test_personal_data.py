"""No event has a field for personal data or free text: a field that could carry either is named here, with its reason.

Subjects are told of by pseudonymous keys, people by ids of the CRO's own records (GDPR art. 4(5), E6(R3) 2.12.6).
"""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from contracts import EVENTS
from pydantic import BaseModel, TypeAdapter

SUSPECT = re.compile(
    r"name|title|text|reason|note|comment|remark|descri|summar|detail|narrative|answer|email|mail|phone|fax|address|street"
    r"|city|post_?code|zip|birth|dob|age$|sex|gender|ethnic|race|initial|signature|signer|printed|actor|author|reviewer"
    r"|reader|person|investigator|contact|passport|insurance_number|ip_address|file_?name|salutation"
)
ALLOWED = {
    ("Sponsor", "name"): "a company's, as public registers have it",
    ("StudyRegistered", "title"): "the study's, as public registers have it",
    ("StudyDetailsCorrected", "title"): "the study's, as public registers have it",
    ("SiteIdentified", "name"): "the facility's, as public registers have it",
    ("SiteIdentified", "city"): "the facility's, as public registers have it",
}
ALLOWED_ANYWHERE = {
    "visit_name": "the name of a visit in the protocol's schedule",
    "language": "ISO 639-1",
    "stage": "a code",
    "coverage": "a code",
}
IDS = re.compile(r"(_id|_ids|_key|_count|_days|_outstanding)$")


def shapes(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, str, Any]]:
    """Each field of the model and of those inside it: the model's name, the field's, its annotation."""
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        yield model.__name__, name, field.rebuild_annotation()
        for inner in models_in(field.annotation):
            yield from shapes(inner, seen)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        if not isinstance(part, str):
            yield from models_in(part)


def is_code(annotation: Any) -> bool:
    """Whether only listed words, figures, days or patterns fit: nobody can write a sentence there."""
    schema = TypeAdapter(annotation).json_schema()
    options = [schema, *schema.get("anyOf", []), schema.get("items", {})]
    return not any(
        one.get("type") == "string" and not {"enum", "const", "pattern", "format", "maxLength"} & one.keys()
        for one in options
    )


FIELDS = sorted(
    {(model, name): kind for event in EVENTS.values() for model, name, kind in shapes(event, set())}.items()
)


def could_carry(name: str, kind: Any) -> bool:
    return bool(SUSPECT.search(name)) and not IDS.search(name) and not is_code(kind)


def test_fields_that_could_carry_personal_data_are_those_of_the_list() -> None:
    found = {place for place, kind in FIELDS if could_carry(place[1], kind) and place[1] not in ALLOWED_ANYWHERE}
    assert found <= ALLOWED.keys(), (
        f"not for an event, or for this list with a reason: {sorted(found - ALLOWED.keys())}"
    )
    assert found == ALLOWED.keys(), f"no longer needed in the list: {sorted(ALLOWED.keys() - found)}"


@pytest.mark.parametrize("name", ["reason", "family_name", "email", "date_of_birth", "file_name", "filename", "signer"])
def test_a_field_of_such_a_name_would_be_found(name: str) -> None:
    assert could_carry(name, str)
    assert could_carry(name, str | None)
    assert could_carry(name, tuple[str, ...])
