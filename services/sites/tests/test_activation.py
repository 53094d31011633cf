"""Each item of the green light says how it stands, why, and how to mend it; on whatever date, in whatever order."""

from datetime import UTC, datetime, timedelta

import pytest
from green_lights import FIT, LEADER, NOW, PLAIN, entry, gate, item, proof, trained, waiver
from hypothesis import given, settings
from hypothesis import strategies as st
from sites.domain.activation import Gate, Proof, judged, next_change, unmet
from sites.domain.checklist_rules import CORE, RULES, StudyFacts, checked
from sites.domain.staffing import TASKS, Staff, needs_of

ALWAYS = {
    "authority_approval",
    "ethics_approval",
    "clinical_trial_agreement",
    "indemnity",
    "insurance",
    "protocol_signature_page",
    "investigator_curriculum_vitae",
    "investigator_gcp_certificate",
    "delegation_log",
    "trial_training",
    "initiation_visit",
    "initiation_report",
}


def applying(of: Gate) -> set[str]:
    return {one.code for one in judged(of, NOW) if one.status != "not_applicable"}


def test_the_rules_cover_the_ten_heads_of_the_green_light_each_with_its_source_and_tmf_number() -> None:
    assert {rule.item for rule in RULES} == set(range(1, 11))
    assert all(rule.source and rule.mend and rule.version and rule.valid_from for rule in RULES)
    assert [rule.code for rule in CORE] == ["authority_approval", "ethics_approval", "initiation_visit"]
    assert not any(rule.waivable for rule in CORE)


def test_two_rows_of_one_code_or_with_unknown_facts_are_no_rules() -> None:
    with pytest.raises(AssertionError, match="same code"):
        checked([RULES[0], RULES[0]])
    with pytest.raises(AssertionError, match="unknown facts"):
        checked([RULES[0].model_copy(update={"needs": ("luck",)})])


def test_a_study_without_product_laboratory_or_systems_needs_what_every_study_needs() -> None:
    assert applying(gate(country="US")) == ALWAYS


@pytest.mark.parametrize(
    ("facts", "country", "more"),
    [
        (StudyFacts(laboratory=False, systems=False), "US", {"brochure_acceptance", "product_receipt"}),
        (StudyFacts(laboratory=False, systems=False, open_label=True), "US", {"brochure_acceptance"}),
        (
            StudyFacts(laboratory=False, systems=False, product_gate="both"),
            "US",
            {"brochure_acceptance", "product_receipt", "product_release"},
        ),
        (
            StudyFacts(product="device", laboratory=False, systems=False),
            "US",
            {"device_investigators_agreement"},
        ),
        (
            StudyFacts(ind=True, laboratory=False, systems=False, product_gate="release"),
            "US",
            {"brochure_acceptance", "product_release", "investigator_statement_1572", "financial_disclosure"},
        ),
        (StudyFacts(product="none"), "US", {"laboratory_certification", "normal_ranges", "system_access"}),
        (PLAIN, "DE", {"data_privacy_agreement"}),
    ],
)
def test_facts_and_country_add_what_their_rules_ask_for(facts: StudyFacts, country: str, more: set[str]) -> None:
    assert applying(gate(facts=facts, country=country)) == ALWAYS | more


def test_what_does_not_apply_says_why() -> None:
    assert item(gate(), "financial_disclosure").detail == "It applies only with an IND study."
    assert "does not apply in US" in item(gate(country="US"), "data_privacy_agreement").detail
    open_label = gate(facts=StudyFacts(open_label=True))
    assert "an open-label study" in item(open_label, "product_receipt").detail


def test_a_refusal_names_every_item_with_its_field_and_how_to_mend_it() -> None:
    reasons = unmet(judged(gate(), NOW))
    assert {reason.field for reason in reasons} == ALWAYS | {"data_privacy_agreement"}
    [insurance] = [reason for reason in reasons if reason.field == "insurance"]
    assert insurance.code == "insurance_missing"
    assert insurance.detail.endswith("Record a certificate that is in date.")


def test_evidence_in_force_meets_its_item_and_says_by_which_event() -> None:
    met = item(gate(proof("insurance", since="2026-01-01", expires_on="2026-12")), "insurance")
    assert (met.status, met.evidence, met.changed_on) == ("met", ("event-of-insurance",), "2026-01-01")


@pytest.mark.parametrize(
    ("holds", "status", "words"),
    [
        ({"since": "2026-04-01"}, "not_yet_in_force", "holds only from 2026-04-01"),
        ({"expires_on": "2026-02"}, "expired", "has expired on 2026-02"),
        ({"ended_by": "e9", "ended_on": "2026-02-01"}, "missing", "given up on 2026-02-01 by event e9"),
    ],
)
def test_evidence_that_holds_no_more_or_not_yet_does_not_count_and_says_why(
    holds: dict[str, str], status: str, words: str
) -> None:
    found = item(gate(proof("insurance", **holds)), "insurance")
    assert found.status == status
    assert words in found.detail


def test_what_was_given_up_counts_until_its_end_only_where_somebody_looks_back() -> None:
    ended = proof("insurance", ended_by="e9", ended_on="2026-02-01")
    assert item(gate(ended), "insurance", "2026-01-15").status == "missing"
    assert item(gate(ended, hindsight=True), "insurance", "2026-01-15").status == "met"
    assert item(gate(ended, hindsight=True), "insurance", "2026-02-01").status == "missing"


def test_an_approval_of_another_version_than_the_one_in_use_does_not_count() -> None:
    facts = StudyFacts(protocol_version="Protocol 2.0", consent_form_version="ICF 3.0")
    old = gate(proof("authority_approval", covers=("Protocol 1.0",)), facts=facts)
    assert item(old, "authority_approval").status == "other_version"
    assert "covers Protocol 1.0" in item(old, "authority_approval").detail
    new = gate(proof("authority_approval", covers=("protocol 2.0", "IB 4")), facts=facts)
    assert item(new, "authority_approval").status == "met"
    assert item(gate(proof("ethics_approval"), facts=facts), "ethics_approval").status == "other_version"


def test_an_approved_modification_adds_its_version_to_the_approval_that_lets_the_study_begin() -> None:
    facts = StudyFacts(protocol_version="Protocol 2.0")
    first = proof("authority_approval", covers=("Protocol 1.0",), event_id="e1")
    second = proof("authority_approval_modification", covers=("Protocol 2.0",), event_id="e2", since="2026-03-01")
    met = item(gate(first, second, facts=facts), "authority_approval")
    assert (met.status, met.evidence) == ("met", ("e1", "e2"))
    assert item(gate(first, second, facts=facts), "authority_approval", "2026-02-28").status == "other_version"
    assert item(gate(second, facts=facts), "authority_approval").status == "missing"
    withdrawn = second.model_copy(update={"ended_by": "e3"})
    assert item(gate(first, withdrawn, facts=facts), "authority_approval").status == "other_version"
    look = next_change(gate(first, second, facts=facts), "2026-02-01T00:00:00Z")
    assert str(look) == "2026-03-01 00:00:00+00:00"


def test_what_is_the_investigators_own_counts_for_the_present_one_only() -> None:
    own = proof("investigator_gcp_certificate", person_id=LEADER)
    assert item(gate(own), "investigator_gcp_certificate").status == "met"
    changed = item(gate(own, principal_investigator="person-9"), "investigator_gcp_certificate")
    assert (changed.status, changed.lost_by) == ("other_person", own.event_id)
    assert item(gate(own, principal_investigator=None), "investigator_gcp_certificate").status == "other_person"


def test_an_item_is_met_until_the_last_of_its_evidence_expires() -> None:
    first, last = proof("insurance", expires_on="2026-12"), proof("insurance", expires_on="2027-01-15")
    assert item(gate(first, last), "insurance").expires_on == "2027-01-15"
    assert item(gate(first, proof("insurance")), "insurance").expires_on is None
    assert item(gate(proof("insurance", expires_on="2026-02")), "insurance").expires_on is None


def test_the_training_is_met_until_the_first_of_what_it_rests_on_expires() -> None:
    qualified = (trained("gcp", expires_on="2026-12"), trained("protocol", expires_on="2027-02"))
    staff = Staff(delegated=FIT.delegated, qualified=qualified)
    assert item(gate(staff=staff), "trial_training").expires_on == "2026-12"


def test_a_waiver_counts_where_nothing_else_does_and_evidence_counts_more() -> None:
    waived = gate(waivers=(waiver("initiation_report"),))
    assert item(waived, "initiation_report").status == "waived"
    both = gate(proof("initiation_report"), waivers=(waiver("initiation_report"),))
    assert item(both, "initiation_report").status == "met"


@pytest.mark.parametrize(
    ("at", "hindsight", "status"),
    [
        ("2026-02-28", True, "missing"),
        ("2026-03-01", False, "missing"),
        ("2026-03-01", True, "waived"),
        ("2026-03-09", True, "waived"),
        ("2026-03-10", True, "missing"),
    ],
)
def test_a_waiver_counts_from_its_day_until_it_is_taken_back(at: str, hindsight: bool, status: str) -> None:  # noqa: FBT001
    dated = {"since": "2026-03-01", "ended": True, "ended_on": "2026-03-10"}
    one = waiver("initiation_report").model_copy(update=dated)
    assert item(gate(waivers=(one,), hindsight=hindsight), "initiation_report", at).status == status


def test_the_delegation_log_needs_an_entry_that_runs_and_that_the_present_investigator_has_authorised() -> None:
    assert item(gate(staff=FIT), "delegation_log").evidence == ("delegation-person-2",)
    assert item(gate(staff=FIT, principal_investigator="person-9"), "delegation_log").status == "missing"
    ended = Staff(delegated=(entry(ends_on="2026-02-01"),))
    assert item(gate(staff=ended), "delegation_log").status == "missing"


def test_everybody_on_the_log_is_trained_in_what_their_tasks_need() -> None:
    assert item(gate(staff=FIT), "trial_training").status == "met"
    second = Staff(delegated=(*FIT.delegated, entry("person-3", tasks=("randomise",))), qualified=FIT.qualified)
    missing = item(gate(staff=second), "trial_training")
    assert missing.status == "missing"
    assert "gcp, protocol, systems" in missing.detail


def test_a_training_that_has_expired_is_as_good_as_none() -> None:
    lapsed = Staff(delegated=FIT.delegated, qualified=(trained("gcp"), trained("protocol", expires_on="2026-02")))
    assert item(gate(staff=lapsed), "trial_training").status == "missing"
    assert item(gate(staff=lapsed), "trial_training", "2026-02-28").status == "met"


def test_a_sub_investigator_on_the_log_asks_for_a_curriculum_vitae() -> None:
    assert item(gate(staff=FIT), "sub_investigator_curriculum_vitae").status == "not_applicable"
    with_one = Staff(delegated=(entry(role="sub_investigator"),), qualified=FIT.qualified)
    assert item(gate(staff=with_one), "sub_investigator_curriculum_vitae").status == "missing"


def test_every_task_needs_the_protocol_and_good_clinical_practice() -> None:
    assert all({"protocol", "gcp"} <= set(needs_of([task])) for task in TASKS)


def test_the_next_look_is_when_time_alone_may_change_an_item() -> None:
    later = gate(proof("insurance", expires_on="2026-06"), proof("indemnity", since="2026-05-01"), staff=FIT)
    first = next_change(later, NOW)
    assert first is not None
    assert first.isoformat() == "2026-05-01T00:00:00+00:00"
    second = next_change(later, "2026-05-01T00:00:00Z")
    assert second is not None
    assert second.isoformat() == "2026-07-01T00:00:00+00:00"
    assert next_change(later, "2026-07-01T00:00:00Z") is None


DATES = st.sampled_from(["2025", "2025-11", "2026-02-01", "2026-03-15", "2026-04", "2027"])
PROOFS = st.builds(
    proof,
    st.sampled_from(["insurance", "indemnity", "authority_approval"]),
    since=st.none() | DATES,
    expires_on=st.none() | DATES,
    ended_by=st.none() | st.just("e9"),
    ended_on=st.none() | DATES,
)


YEARS = timedelta(days=3 * 365)
INSTANTS = st.timedeltas(timedelta(), YEARS).map(lambda later: datetime(2025, 1, 1, tzinfo=UTC) + later)


def text(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


@settings(max_examples=60)
@given(st.lists(PROOFS, max_size=5), INSTANTS, st.floats(0, 1))
def test_between_two_looks_nothing_changes(proofs: list[Proof], at: datetime, part: float) -> None:
    of = gate(*proofs)
    look = next_change(of, text(at)) or datetime(2100, 1, 1, tzinfo=UTC)
    between = at + (look - timedelta(microseconds=1) - at) * part
    assert judged(of, text(between)) == judged(of, text(at))


@settings(max_examples=60)
@given(st.lists(PROOFS, max_size=5).flatmap(lambda known: st.tuples(st.just(known), st.permutations(known))))
def test_the_order_in_which_evidence_came_changes_no_judgement(orders: tuple[list[Proof], list[Proof]]) -> None:
    first, second = (judged(gate(*order), NOW) for order in orders)
    assert first == second


def test_a_credential_that_an_entry_rests_on_counts_as_training_until_it_expires() -> None:
    certificate = trained("gcp", expires_on="2026-04")
    staff = Staff(delegated=(entry(credentials=(certificate,)),), qualified=(trained("protocol"),))
    known = gate(staff=staff)
    assert certificate.event_id in item(known, "trial_training").evidence
    lapsed = item(known, "trial_training", "2026-05-01")
    assert lapsed.status == "missing"
    assert "out of date: gcp" in lapsed.detail
    assert next_change(known, NOW) == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_renewed_training_at_the_site_takes_the_place_of_a_credential_that_has_expired() -> None:
    certificate = trained("gcp", expires_on="2026-01-31")
    entries = (entry(credentials=(certificate,)),)
    assert item(gate(staff=Staff(delegated=entries, qualified=(trained("protocol"),))), "trial_training").status == (
        "missing"
    )
    renewed = (trained("protocol"), trained("gcp", event_id="renewed"))
    assert item(gate(staff=Staff(delegated=entries, qualified=renewed)), "trial_training").status == "met"
