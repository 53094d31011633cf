"""Records become events, or a clear word on why not."""

import json

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from contracts import EVENTS, Malformed, received, sponsor_id
from contracts.sites import SiteActivated

HEADERS = {
    "content-type": "application/json",
    "ce_specversion": "1.0",
    "ce_id": "11111111-1111-5111-8111-111111111111",
    "ce_source": "/studyline/sites",
    "ce_type": SiteActivated.TYPE,
    "ce_subject": "study-site/42",
    "ce_time": "2021-06-01T00:00:00.000Z",
    "ce_sponsor": "acme-1",
    "ce_study": "s-1",
    "ce_aggregateversion": "4",
    "ce_recordedtime": "2026-11-24T08:00:00.000Z",
    "ce_occurredtime": "2021-06",
    "ce_provenance": "migrated",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
BODY = json.dumps({"study_id": "s-1", "site_id": "42", "country": "DE", "rested_on": ["a"], "later": True}).encode()


def test_a_record_becomes_its_event_with_the_precision_of_its_source() -> None:
    got = received(HEADERS, BODY)
    assert got is not None
    assert got.event == SiteActivated(study_id="s-1", site_id="42", country="DE", rested_on=("a",))
    assert (got.envelope.occurred_at, got.envelope.aggregate_id) == ("2021-06", "42")
    assert got.envelope.traceparent == HEADERS["traceparent"]


def test_an_unknown_type_is_nobodys_mistake() -> None:
    assert received({**HEADERS, "ce_type": "studyline.sites.site.activated.v9"}, b"anything") is None
    assert received({}, b"") is None


@pytest.mark.parametrize(
    ("headers", "body", "named"),
    [
        ({}, b"{", "body"),
        ({}, b'{"study_id": "s-1"}', "site_id"),
        ({"ce_aggregateversion": "0"}, BODY, "aggregateversion"),
        ({"ce_sponsor": ""}, BODY, "sponsor"),
        ({"ce_occurredtime": "2021-02-30"}, BODY, "occurredtime"),
        ({"ce_recordedtime": "yesterday"}, BODY, "recordedtime"),
    ],
)
def test_a_record_that_breaks_its_contract_is_malformed_and_says_where(
    headers: dict[str, str], body: bytes, named: str
) -> None:
    with pytest.raises(Malformed, match=named):
        received({**HEADERS, **headers}, body)


def test_the_envelope_is_what_the_cloudevents_library_understands() -> None:
    headers = {name: value.encode() for name, value in HEADERS.items()}
    event = from_binary(KafkaMessage(headers=headers, key=b"s-1", value=BODY), JSONFormat())
    assert event.get_type() == SiteActivated.TYPE
    assert event.get_extension("aggregateversion") == "4"


def test_event_types_name_their_publisher_and_major_version() -> None:
    assert all(name.startswith("studyline.") and name.endswith(".v1") for name in EVENTS)


def test_a_sponsor_has_one_id_whatever_its_case_and_spacing() -> None:
    assert sponsor_id("Novartis") == sponsor_id("  NOVARTIS ")
    assert sponsor_id("Novartis") != sponsor_id("Novartis Pharmaceuticals")
    assert sponsor_id("A-B") != sponsor_id("A B")
