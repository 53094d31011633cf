"""What other services' events mean for the activation of sites."""

import re
from pathlib import Path

import pytest
from contracts import EVENTS, PUBLISHERS, Envelope, PublicEvent, Received, monitoring, regulatory
from sites.domain.evidence import RecordEvidence, RevokeEvidence
from sites.policies.evidence import evidence_from

README = Path(__file__).parents[1] / "README.md"
ABOUT = {"study_id": "s1", "submission_id": "submission-1", "country": "DE", "site_id": None}
DECISION = {"reference": "R-1", "covers": ("Protocol 1.0",), "with_conditions": False, "expires_on": "2024-06"}
VISIT = {"body": "ethics_committee", "visit_type": "SIV", "visit_id": "visit-1"}


def received(event: PublicEvent) -> Received:
    attributes = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/studyline/elsewhere",
        "type": event.TYPE,
        "subject": "submission/submission-1",
        "time": "2022-01-15T00:00:00Z",
        "sponsor": "acme-1",
        "study": "s1",
        "aggregateversion": 1,
        "recordedtime": "2022-01-16T00:00:00Z",
        "occurredtime": "2022-01-15",
    }
    return Received(Envelope.model_validate(attributes), event)


def approved(body: regulatory.Body, site_id: str | None = None) -> PublicEvent:
    return regulatory.SubmissionApproved.model_validate({**ABOUT, **DECISION, "body": body, "site_id": site_id})


def visit_completed(visit_type: monitoring.VisitType) -> PublicEvent:
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE", "visit_id": "visit-1"}
    return monitoring.MonitoringVisitCompleted.model_validate({**about, "visit_type": visit_type})


@pytest.mark.parametrize(
    ("body", "kind"), [("competent_authority", "authority_approval"), ("ethics_committee", "ethics_approval")]
)
@pytest.mark.parametrize("site_id", [None, "site-7"])
def test_an_approval_is_evidence_for_its_site_or_its_country(
    body: regulatory.Body, kind: str, site_id: str | None
) -> None:
    assert evidence_from(received(approved(body, site_id))) == RecordEvidence.model_validate(
        {
            "occurred_at": "2022-01-15",
            "source_id": "submission-1",
            "study_id": "s1",
            "sponsor_id": "acme-1",
            "kind": kind,
            "country": "DE",
            "site_id": site_id,
            "event_id": "e1",
            "expires_on": "2024-06",
        }
    )


@pytest.mark.parametrize(
    "event",
    [
        regulatory.SubmissionWithdrawn.model_validate({**ABOUT, "body": "ethics_committee"}),
        regulatory.SubmissionRejected.model_validate({**ABOUT, "body": "ethics_committee", "reference": None}),
    ],
)
def test_an_approval_that_is_given_up_is_evidence_no_more(event: PublicEvent) -> None:
    assert evidence_from(received(event)) == RevokeEvidence(occurred_at="2022-01-15", event_id="e1")


def test_a_completed_initiation_visit_is_evidence_for_its_site() -> None:
    command = evidence_from(received(visit_completed("SIV")))
    assert isinstance(command, RecordEvidence)
    assert (command.kind, command.source_id, command.site_id) == ("initiation_visit", "visit-1", "site-7")


@pytest.mark.parametrize("visit_type", ["PSV", "IMV", "COV"])
def test_other_visits_are_no_evidence(visit_type: monitoring.VisitType) -> None:
    assert evidence_from(received(visit_completed(visit_type))) is None


def test_the_readme_names_every_event_that_is_listened_to_and_no_other() -> None:
    listened = re.findall(r"^\| `([^`]+)` ", README.read_text().partition("## Listens to")[2], re.MULTILINE)
    told = {
        event.TYPE
        for name in ("regulatory", "monitoring")
        for event in PUBLISHERS[name].EVENTS
        if evidence_from(received(event.model_construct(**ABOUT, **DECISION, **VISIT))) is not None
    }
    assert set(listened) == told <= set(EVENTS)
