"""What other services' events mean for the activation of sites."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contracts import EVENTS, Envelope, PublicEvent, Received, derived_id, monitoring, regulatory
from contracts import sites as public
from sites.domain.evidence import EvidenceCommand, ExtendEvidence, RecordEvidence, RevokeEvidence
from sites.domain.green_light import Concern
from sites.policies.amendments import when_something_is_learned_judge_the_amendments
from sites.policies.evidence import evidence_from
from sites.policies.green_light import (
    when_an_item_changes_have_the_site_take_note,
    when_something_is_learned_judge_the_checklist,
)
from sites.projections import form_row
from sites.projections.amendments import submission_key

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


def evidence_of(event: PublicEvent) -> EvidenceCommand | None:
    """The one thing that the event says about the evidence, of the aggregate it is about."""
    told = list(evidence_from(received(event)))
    assert all(source == "submission-1" for source, _ in told)
    return told[0][1] if told else None


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
    assert evidence_of(approved(body, site_id)) == RecordEvidence.model_validate(
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
            "covers": ("Protocol 1.0",),
        }
    )


@pytest.mark.parametrize(
    "event",
    [
        regulatory.SubmissionWithdrawn.model_validate({**ABOUT, "body": "ethics_committee"}),
        regulatory.SubmissionRejected.model_validate({**ABOUT, "body": "ethics_committee", "reference": None}),
        regulatory.SubmissionLapsed.model_validate(
            {**ABOUT, "body": "ethics_committee", "cause": "noted", "round": None}
        ),
        regulatory.SubmissionExpired.model_validate({**ABOUT, "body": "ethics_committee"}),
        regulatory.SubmissionSuspended.model_validate({**ABOUT, "body": "ethics_committee"}),
        regulatory.SubmissionRevoked.model_validate({**ABOUT, "body": "ethics_committee"}),
    ],
)
def test_an_approval_that_is_given_up_is_evidence_no_more(event: PublicEvent) -> None:
    assert evidence_of(event) == RevokeEvidence(occurred_at="2022-01-15", event_id="e1")


@pytest.mark.parametrize("event", [regulatory.SubmissionRenewed, regulatory.SubmissionReinstated])
def test_an_approval_that_is_renewed_or_reinstated_is_evidence_again(event: type[regulatory.SubmissionEvent]) -> None:
    told = event.model_validate({**ABOUT, **DECISION, "body": "ethics_committee", "kind": "initial"})
    command = evidence_of(told)
    assert isinstance(command, RecordEvidence)
    assert (command.source_id, command.expires_on) == ("submission-1", "2024-06")


@pytest.mark.parametrize(
    "about",
    [{"body": "registry"}, {"body": "ethics_committee", "kind": "annual_report"}],
)
def test_an_approval_of_something_else_is_no_evidence(about: dict[str, str]) -> None:
    told = regulatory.SubmissionApproved.model_validate({**ABOUT, **DECISION, **about})
    assert list(evidence_from(received(told))) == []


def test_a_completed_initiation_visit_is_evidence_for_its_site() -> None:
    command = evidence_of(visit_completed("SIV"))
    assert isinstance(command, RecordEvidence)
    assert (command.kind, command.source_id, command.site_id) == ("initiation_visit", "visit-1", "site-7")


@pytest.mark.parametrize("visit_type", ["PSV", "IMV", "COV"])
def test_other_visits_are_no_evidence(visit_type: monitoring.VisitType) -> None:
    assert evidence_of(visit_completed(visit_type)) is None


AT_SITE = {"study_id": "s1", "site_id": "site-7", "country": "DE"}


def contract(event: type[PublicEvent], **more: Any) -> list[EvidenceCommand]:
    told = event.model_validate({**AT_SITE, "contract_id": "contract-1", **more})
    return [command for source, command in evidence_from(received(told)) if source == "contract-1"]


def shipment(event: type[PublicEvent], **more: Any) -> list[tuple[str, type[EvidenceCommand]]]:
    told = event.model_validate({**AT_SITE, "shipment_id": "shipment-1", **more})
    kinds = {derived_id("evidence", "shipment-1", kind): kind for kind in ("product_receipt", "product_release")}
    return [(kinds[source], type(command)) for source, command in evidence_from(received(told))]


def test_an_executed_contract_is_evidence_until_it_ends_and_an_amendment_may_move_its_end() -> None:
    [executed] = contract(public.SiteContractExecuted, ends_on="2025")
    assert isinstance(executed, RecordEvidence)
    assert (executed.kind, executed.expires_on) == ("clinical_trial_agreement", "2025")
    at = {"occurred_at": "2022-01-15", "event_id": "e1"}
    [moved] = contract(public.SiteContractAmended, ends_on="2026")
    assert moved == ExtendEvidence.model_validate({**at, "expires_on": "2026"})
    assert contract(public.SiteContractAmended, ends_on=None) == []
    assert contract(public.SiteContractEnded, because="terminated") == [RevokeEvidence.model_validate(at)]


def test_a_shipment_is_evidence_once_it_is_received_in_good_condition_and_while_it_is_not_in_quarantine() -> None:
    both = ["product_receipt", "product_release"]
    assert shipment(public.IpShipmentReceived, temperature="within_limits") == [("product_receipt", RecordEvidence)]
    assert shipment(public.IpShipmentReceived, temperature="excursion") == []
    assert shipment(public.IpShipmentReleased) == [(kind, RecordEvidence) for kind in both]
    assert shipment(public.IpShipmentQuarantined) == [(kind, RevokeEvidence) for kind in both]


def concern_of(event: PublicEvent) -> Concern | None:
    return when_something_is_learned_judge_the_checklist(received(event))


def test_an_approval_concerns_its_site_or_every_site_of_its_country() -> None:
    assert concern_of(approved("ethics_committee", "site-7")) == Concern("s1", site_id="site-7")
    assert concern_of(approved("ethics_committee")) == Concern("s1", country="DE")


def test_a_checklist_begins_with_start_up_and_no_site_that_was_taken_over_gets_one() -> None:
    activated = {**AT_SITE, "rested_on": ()}
    begun = Concern("s1", site_id="site-7", opens=True)
    assert concern_of(public.SiteStartUpBegun.model_validate(AT_SITE)) == begun
    assert concern_of(public.SiteActivated.model_validate({**activated, "rested_on": ("e1",)})) == begun
    assert concern_of(public.SiteActivated.model_validate(activated)) is None


def test_a_change_of_the_investigator_or_a_new_version_of_the_checklist_is_judged_too() -> None:
    change = {"assignment_id": "a2", "person_id": "p2", "previous_assignment_id": "a1", "previous_person_id": "p1"}
    assert concern_of(public.PrincipalInvestigatorChanged.model_validate({**AT_SITE, **change})) == Concern(
        "s1", site_id="site-7"
    )
    version = {"study_id": "s1", "version": "study/2", "rules_version": "1", "items": ()}
    assert concern_of(public.StudyChecklistSetUp.model_validate(version)) == Concern("s1")


def test_a_site_takes_note_of_every_item_that_changes_and_of_its_own_activation() -> None:
    item = {**AT_SITE, "checklist_version": "core", "item": "ethics_approval", "number": 2}
    lost = public.ChecklistItemLost.model_validate({**item, "status": "expired", "lost_by": None})
    assert when_an_item_changes_have_the_site_take_note(received(lost)) == "site-7"
    activated = public.SiteActivated.model_validate({**AT_SITE, "rested_on": ("e1",)})
    assert when_an_item_changes_have_the_site_take_note(received(activated)) == "site-7"
    assert when_an_item_changes_have_the_site_take_note(received(visit_completed("SIV"))) is None


def test_an_approved_modification_is_evidence_that_adds_versions() -> None:
    about = {**ABOUT, **DECISION, "body": "competent_authority", "kind": "substantial_modification"}
    command = evidence_of(regulatory.SubmissionApproved.model_validate(about))
    assert isinstance(command, RecordEvidence)
    assert (command.kind, command.covers) == ("authority_approval_modification", ("Protocol 1.0",))


def test_the_approved_report_of_an_initiation_is_evidence_beside_the_visit() -> None:
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE", "visit_id": "visit-1", "version": "1"}
    signed = {"sha256": "0" * 64, "signed": True, "meaning": "approval"}
    for visit_type, kinds in {"SIV": ["initiation_report"], "IMV": []}.items():
        event = monitoring.VisitReportApproved.model_validate({**about, **signed, "visit_type": visit_type})
        told = list(evidence_from(received(event)))
        assert [command.kind for _, command in told if isinstance(command, RecordEvidence)] == kinds
        assert all(source != "visit-1" for source, _ in told)


def anything() -> Iterator[Received]:
    """One of every event that is published, with all that any policy looks at."""
    shapes: dict[str, Any] = {**ABOUT, **DECISION, **VISIT, "contract_id": "c", "shipment_id": "s", "ends_on": "2025"}
    shapes |= {"site_id": "site-7", "temperature": "within_limits", "rested_on": ("e1",), "from_site_id": "site-8"}
    form: dict[str, Any] = {**shapes, "document_id": "d", "version": "1.0", "kind": "informed_consent_form"}
    for event in EVENTS.values():
        told = form if issubclass(event, regulatory.DocumentEvent) else shapes
        yield received(event.model_construct(**told))


def test_whatever_changes_the_evidence_has_the_checklist_judged_again() -> None:
    unjudged = [one.event.TYPE for one in anything() if any(evidence_from(one)) and concern_of(one.event) is None]
    assert unjudged == []


def test_the_readme_names_every_event_that_is_listened_to_and_no_other() -> None:
    listened = re.findall(r"^\| `([^`]+)` ", README.read_text().partition("## Listens to")[2], re.MULTILINE)
    told = {
        one.event.TYPE
        for one in anything()
        if any(evidence_from(one))
        or concern_of(one.event)
        or when_an_item_changes_have_the_site_take_note(one)
        or form_row(one)
        or any(when_something_is_learned_judge_the_amendments(one))
    }
    assert set(listened) == told <= set(EVENTS)


@pytest.mark.parametrize(("kind", "waited_for"), [("substantial_modification", "submission-1"), ("notification", None)])
def test_no_amendment_waits_for_a_body_that_is_only_told(kind: regulatory.Kind, waited_for: str | None) -> None:
    about = {**ABOUT, "body": "competent_authority", "kind": kind, "documents": ()}
    assert submission_key(received(regulatory.SubmissionDocumentsNamed.model_validate(about))) == waited_for
