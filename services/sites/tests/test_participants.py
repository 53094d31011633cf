"""Who was under way at a site on which days, and what events tell of submissions, versions and consents."""

from datetime import date
from functools import reduce
from typing import Any

import pytest
from contracts import PublicEvent, Received, regulatory
from contracts import sites as public
from sites.domain.amendment_facts import CoveringSubmission
from sites.domain.consent_forms import Consent, Form, FormChange, Forms
from sites.domain.participants import participant, under_replaced_consent
from sites.domain.spans import Span, first_free, without
from sites.domain.subject import Subject
from sites.projections.amendments import consent_row, protocol_row, submission_key, submission_row
from studyline.testing.events import told

FIRST = Form(document_id="icf", version="1.0")


def day(text: str) -> date:
    return date.fromisoformat(text)


def subject(*steps: tuple[str, str], **more: Any) -> Subject:
    about = {"subject_id": "u", "study_id": "s", "sponsor_id": "x", "site_id": "b", "country": "DE", "subject_key": "1"}
    taken = [{"step": step, "on": on} for step, on in steps]
    consents = [Consent(form=FIRST, on=steps[0][1])]
    return Subject.model_validate({**about, "steps": taken, "consents": consents, **more})


def here(one: Subject, site: str) -> list[tuple[str, str]]:
    return [(str(span.since), str(span.until)) for span in participant(one, site, {}).here]


def test_a_subject_is_under_way_from_its_consent_until_it_leaves_and_again_in_another_attempt() -> None:
    assert here(subject(("consented", "2026-02")), "b") == [("2026-02-01", "9999-12-31")]
    left = subject(("consented", "2026-02-03"), ("screen_failed", "2026-02-10"), ("consented", "2026-03-01"))
    assert here(left, "b") == [("2026-02-03", "2026-02-10"), ("2026-03-01", "9999-12-31")]
    assert here(subject(("consented", "2026-02-03"), ("withdrawn", "2026-02-03")), "b") == []


def test_a_subject_that_moved_was_at_each_site_until_it_left_it() -> None:
    moved = subject(("consented", "2026-02-03"), sites_before=("a",), moved_on=("2026-03-05",))
    assert here(moved, "a") == [("2026-02-03", "2026-03-05")]
    assert here(moved, "b") == [("2026-03-05", "9999-12-31")]
    assert here(moved, "c") == []
    unknown = subject(("consented", "2026-02-03"), sites_before=("a",))
    assert (here(unknown, "a"), here(unknown, "b")) == ([], [("2026-02-03", "9999-12-31")])


def test_a_consent_to_a_form_counts_once_its_event_is_known() -> None:
    one = subject(("consented", "2026-02-03"))
    assert participant(one, "b", {}).consents[0].consent.form is None
    known = participant(one, "b", {("icf", "1.0", "2026-02-03"): "e1"})
    assert [(given.consent.form, given.event_id) for given in known.consents] == [(FIRST, "e1")]
    changes = tuple(
        FormChange(document_id="icf", version=version, country=None, site_id=None, since=since)
        for version, since in (("1.0", "2026-01-01"), ("2.0", "2026-03-20"))
    )
    [replaced] = under_replaced_consent(known, Forms(are_known=True, changes=changes))
    assert replaced == Span(since=day("2026-03-20"))


def test_what_is_left_of_a_span_and_the_first_day_that_is_free() -> None:
    whole = Span(since=day("2026-01-01"), until=day("2026-02-01"))
    middle = Span(since=day("2026-01-10"), until=day("2026-01-20"))
    assert without(whole, [middle]) == [
        Span(since=day("2026-01-01"), until=day("2026-01-10")),
        Span(since=day("2026-01-20"), until=day("2026-02-01")),
    ]
    assert without(whole, [Span()]) == []
    assert without(whole, [Span(since=day("2026-03-01"))]) == [whole]
    assert first_free(day("2026-01-01"), [whole, Span(since=day("2026-01-31"), until=day("2026-02-05"))]) == day(
        "2026-02-05"
    )
    assert first_free(day("2026-01-01"), [Span()]) == date.max


# Rows


ASKED: dict[str, Any] = {"study_id": "s1", "submission_id": "sub-1", "body": "ethics_committee", "country": "DE"}
ABOUT: dict[str, Any] = {**ASKED, "site_id": None, "kind": "substantial_modification"}
DECISION: dict[str, Any] = {"reference": "R", "covers": (), "with_conditions": False, "expires_on": None}
NAMED = {"documents": ({"tmf_unique_id": "032", "document_id": "protocol", "version": "2.0"},)}


def row_after(*steps: tuple[type[PublicEvent], str, dict[str, Any]]) -> CoveringSubmission:
    received = [
        told("submission/sub-1", event.model_validate({**ABOUT, **facts}), sponsor="Acme", version=nth, occurred=on)
        for nth, (event, on, facts) in enumerate(steps, start=2)
    ]
    none: dict[str, Any] | None = None
    row = reduce(submission_row, received, none)
    assert row is not None
    return CoveringSubmission.model_validate(
        {**{k: row[k] for k in row.keys() - {"sponsor", "study"}}, "submission_id": "sub-1"}
    )


NAMES = (regulatory.SubmissionDocumentsNamed, "2026-02-01", NAMED)
APPROVES = (regulatory.SubmissionApproved, "2026-03-01", DECISION)


def test_a_submission_has_a_row_with_its_documents_and_the_periods_of_its_approval() -> None:
    waiting = row_after(NAMES)
    assert (waiting.standing, waiting.modifies, waiting.documents[0].version) == ("pending", True, "2.0")
    approved = row_after(NAMES, APPROVES)
    assert [one.span for one in approved.approvals] == [Span(since=day("2026-03-01"))]
    assert approved.documents == waiting.documents
    back = {"covers": (), "expires_on": None}
    again = row_after(
        NAMES,
        APPROVES,
        (regulatory.SubmissionSuspended, "2026-04-01", {}),
        (regulatory.SubmissionReinstated, "2026-05-01", back),
    )
    spans = [(str(one.span.since), str(one.span.until)) for one in again.approvals]
    assert spans == [("2026-03-01", "2026-04-01"), ("2026-05-01", "9999-12-31")]


def test_a_modification_that_is_not_substantial_is_told_as_only_noted() -> None:
    named = (regulatory.SubmissionDocumentsNamed, "2026-02-01", {**NAMED, "kind": "non_substantial"})
    noted = row_after(named)
    assert (noted.modifies, noted.only_noted, noted.standing) == (True, True, "pending")
    assert not row_after(NAMES).only_noted


@pytest.mark.parametrize(
    ("event", "facts", "standing"),
    [
        (regulatory.SubmissionRejected, {"reference": None}, "rejected"),
        (regulatory.SubmissionWithdrawn, {}, "withdrawn"),
        (regulatory.SubmissionLapsed, {"cause": "noted", "round": None}, "lapsed"),
        (regulatory.SubmissionRevoked, {}, "revoked"),
    ],
)
def test_what_ends_a_submission_is_its_standing(event: type[PublicEvent], facts: dict[str, Any], standing: str) -> None:
    assert row_after(NAMES, (event, "2026-03-01", facts)).standing == standing


def test_an_urgent_measure_is_noted_and_an_ordinary_implementation_is_not() -> None:
    facts = {"implemented_at_site_id": "site-1"}
    urgent = (regulatory.SubmissionModificationImplemented, "2026-02-10", {**facts, "urgent_safety_measure": True})
    assert [one.site_id for one in row_after(NAMES, urgent).urgent] == ["site-1"]
    plain = (regulatory.SubmissionModificationImplemented, "2026-02-10", {**facts, "urgent_safety_measure": False})
    assert row_after(NAMES, plain).urgent == ()


def received(event: PublicEvent) -> Received:
    return told("x/1", event, sponsor="Acme")


def test_versions_of_protocols_and_consents_to_forms_have_a_row_and_nothing_else_has() -> None:
    document = {"study_id": "s1", "document_id": "p", "kind": "protocol", "tmf_unique_id": "032"}
    place = {"country": "DE", "site_id": None}
    signed = {"sha256": "0" * 64, "substantial": False, "signed": True, "meaning": "approval", "version": "2.0"}
    approved = protocol_row(received(regulatory.DocumentApproved.model_validate({**document, **signed})))
    effective = protocol_row(
        received(regulatory.DocumentMadeEffective.model_validate({**document, **place, "version": "2.0"}))
    )
    ended = protocol_row(received(regulatory.DocumentEffectEnded.model_validate({**document, **place})))
    retired = protocol_row(received(regulatory.DocumentRetired.model_validate(document)))
    rows = [approved, effective, ended, retired]
    assert [(row["what"], row["version"], row["country"]) for row in rows if row] == [
        ("approved", "2.0", None),
        ("in_effect", "2.0", "DE"),
        ("in_effect", None, "DE"),
        ("in_effect", None, None),
    ]
    plan = regulatory.DocumentRetired.model_validate({**document, "kind": "plan"})
    drafted = regulatory.DocumentDrafted.model_validate({**document, "version": "2.0", "substantial": None})
    assert protocol_row(received(plan)) is protocol_row(received(drafted)) is None
    who = {"study_id": "s1", "site_id": "b", "country": "DE", "subject_id": "u", "subject_key": "1"}
    consented = public.SubjectConsented.model_validate({**who, "form": {"document_id": "icf", "version": "1.0"}})
    row = consent_row(received(consented))
    assert row is not None
    assert (row["subject_id"], row["document_id"], row["on"]) == ("u", "icf", "2022-02-01")
    assert consent_row(received(public.SubjectConsented.model_validate(who))) is None
    assert submission_key(received(consented)) is None
    assert submission_key(received(regulatory.SubmissionPrepared.model_validate(ABOUT))) is None
