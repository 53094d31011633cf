"""Each service's OpenAPI is a valid 3.1 document, its AsyncAPI a 3.0 document whose references lead somewhere."""

import json
import re
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from test_readme_tables import SERVICES, composed

PROBLEMS = {"401", "403", "404", "409", "412", "422", "503"}


def references(document: Any) -> list[str]:
    """Every `$ref`, however deep."""
    match document:
        case dict():
            named = cast("dict[str, Any]", document)
            own = [named["$ref"]] if "$ref" in named else []
            return own + [one for value in named.values() for one in references(value)]
        case list():
            return [one for value in cast("list[Any]", document) for one in references(value)]
        case _:
            return []


def at(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


@pytest.mark.parametrize("service", SERVICES)
async def test_openapi_is_valid_and_every_route_tells_its_problems(service: str) -> None:
    document = json.loads(json.dumps(composed(service).app("api").openapi()))
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    commands = [item["post"] for path, item in document["paths"].items() if path.startswith("/v1") and "post" in item]
    assert all(command["responses"].keys() >= PROBLEMS for command in commands)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_operation_is_named_as_its_command_reads_and_no_two_alike(service: str) -> None:
    paths: Any = composed(service).app("api").openapi()["paths"]
    names = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name) for name in names), names


@pytest.mark.parametrize("service", SERVICES)
async def test_asyncapi_refers_to_what_is_there_and_its_payloads_are_schemas(service: str) -> None:
    document: Any = json.loads(json.dumps(composed(service).asyncapi))
    assert document["asyncapi"] == "3.0.0"
    assert all(at(document, reference) for reference in references(document))
    for message in document["components"]["messages"].values():
        Draft202012Validator.check_schema(message["payload"])
