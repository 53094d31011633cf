"""What the service says of itself to machines is well-formed and whole."""

import json
import re

from asking import Asking
from chassis.service import Service
from contracts import EVENTS
from openapi_spec_validator import validate


def test_the_openapi_document_is_valid_and_tells_of_every_route(service: Service) -> None:
    document = service.app().openapi()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {path for path in document["paths"] if path.startswith("/v1/")} == {
        "/v1/studies",
        "/v1/studies/{study_id}",
        "/v1/studies/{study_id}/sites",
        "/v1/studies/{study_id}/countries",
        "/v1/studies/{study_id}/amendments",
        "/v1/timeline",
        "/v1/timeline/stream",
        "/v1/start-up",
        "/v1/submission-board",
        "/v1/obligations",
        "/v1/cycle-times",
        "/v1/tmf-completeness",
        "/v1/freshness",
        "/v1/parked",
        "/v1/parked/discard",
        "/v1/parked/redrive",
        "/v1/parked/{record_id}",
    }


async def test_the_asyncapi_document_tells_of_every_event_that_is_received_and_its_references_lead_somewhere(
    asking: Asking,
) -> None:
    document = (await asking().get("/asyncapi.json")).json()
    assert document["asyncapi"] == "3.0.0"
    assert {one["action"] for one in document["operations"].values()} == {"receive"}
    assert {one["name"] for one in document["components"]["messages"].values()} == set(EVENTS)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        place = document
        for part in reference.split("/"):
            place = place[part]
