"""What agreements say comes out of their events the same, in the order of each agreement."""

from datetime import date
from functools import reduce
from typing import Any

from contracts import Envelope, PublicEvent, Received, sites
from contracts.agreed import agreement_key, agreement_row

ABOUT: dict[str, Any] = {"study_id": "s1", "agreement_id": "agr-1", "reference": "MSA-1"}
SIGNED = sites.AgreementSigned(**ABOUT, effective_from=date(2022, 1, 1))
AMENDED = sites.AgreementAmended(**ABOUT, amendment="A1", effective_from=date(2022, 3, 1))


def transferred(code: str, since: date, until: date | None = None) -> sites.ObligationTransferred:
    about = {**ABOUT, "obligation": code, "holder": "cro", "since": since, "until": until, "amendment": None}
    return sites.ObligationTransferred.model_validate(about)


def received(event: PublicEvent) -> Received:
    attributes = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/studyline/sites",
        "type": event.TYPE,
        "subject": "sponsor-agreement/agr-1",
        "time": "2022-01-01T00:00:00Z",
        "sponsor": "acme-1",
        "study": "s1",
        "aggregateversion": 1,
        "recordedtime": "2022-01-01T00:00:00Z",
    }
    return Received(Envelope.model_validate(attributes), event)


def row_after(*events: PublicEvent) -> dict[str, Any]:
    row: dict[str, Any] | None = reduce(agreement_row, map(received, events), None)
    assert row is not None
    return row


def test_an_agreement_has_a_row_with_what_it_transfers() -> None:
    assert agreement_key(received(SIGNED)) == "agr-1"
    row = row_after(SIGNED, transferred("monitoring", date(2022, 2, 1)), AMENDED)
    assert (row["sponsor"], row["study"], row["reference"]) == ("acme-1", "s1", "MSA-1")
    [held] = row["holdings"]
    assert held == {
        "obligation": "monitoring",
        "holder": "the CRO",
        "ours": True,
        "since": "2022-02-01",
        "until": None,
    }


def test_what_was_returned_ends_on_its_day_and_nothing_else_does() -> None:
    returned = sites.ObligationReturned.model_validate(
        {**ABOUT, "obligation": "monitoring", "holder": "cro", "since": "2022-02-01", "returned_on": "2022-06-01"}
    )
    row = row_after(
        SIGNED, transferred("monitoring", date(2022, 2, 1)), transferred("safety", date(2022, 2, 1)), returned
    )
    assert [(one["obligation"], one["until"]) for one in row["holdings"]] == [
        ("monitoring", "2022-06-01"),
        ("safety", None),
    ]


def test_an_agreement_that_ends_ends_all_that_it_transfers_and_begins_nothing_more() -> None:
    ended = sites.AgreementEnded(**ABOUT, ended_on=date(2022, 9, 1))
    row = row_after(
        SIGNED,
        transferred("monitoring", date(2022, 2, 1)),
        transferred("safety", date(2022, 2, 1), date(2022, 4, 1)),
        transferred("auditing", date(2023, 1, 1)),
        ended,
    )
    assert [(one["obligation"], one["until"]) for one in row["holdings"]] == [
        ("monitoring", "2022-09-01"),
        ("safety", "2022-04-01"),
    ]


def test_other_events_tell_of_no_agreement() -> None:
    place = {"study_id": "s1", "site_id": "site-1", "country": "DE"}
    assert agreement_key(received(sites.SiteSelected.model_validate(place))) is None
