"""Which version counts where and when: at a place the one that began last, in the order of versions."""

import pytest
from kernel import BusinessTime, Refused
from regulatory.domain import document_commands as ask
from regulatory.domain.controlled_document import ControlledDocument, DocumentCommand, decide
from regulatory.domain.document_places import Place, in_effect
from told_documents import (
    CONSENT,
    FRANCE,
    GERMANY,
    PLAN,
    SITE,
    after,
    approved,
    drafted,
    effective,
    events_of,
    in_review,
    next_version,
    reviewed,
)

ELSEWHERE = Place(country="DE", site_id="site-8")


def two_versions(*commands: DocumentCommand) -> ControlledDocument:
    """A protocol with two approved versions, after these commands."""
    return after(commands, next_version(approved(), "1.0"))


def held(document: ControlledDocument, place: Place, on: BusinessTime) -> str | None:
    found = in_effect(document.effects, place, on)
    return found.version if found is not None else None


def codes(document: ControlledDocument, command: DocumentCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(document, command)
    return [reason.code for reason in refused.value.reasons]


def status(document: ControlledDocument) -> list[str]:
    return [one.status for one in document.versions]


def test_a_version_counts_at_every_site_of_its_country_from_its_first_day_on() -> None:
    document = two_versions(effective("0.1", GERMANY, "2022-03-01"))
    days = ("2022-02-28", "2022-03-01", "2030-01-01")
    assert [held(document, SITE, day) for day in days] == [None, "0.1", "0.1"]
    assert held(document, FRANCE, "2022-03-01") is None


def test_the_next_version_takes_its_stead_where_it_takes_effect_and_nowhere_else() -> None:
    document = two_versions(effective("0.1", GERMANY, "2022-03"))
    command = effective("1.0", SITE, "2022-06-01")
    assert events_of(document, command) == ["VersionMadeEffective"]
    document = after([command], document)
    assert [held(document, place, "2022-07-01") for place in (SITE, ELSEWHERE, GERMANY)] == ["1.0", "0.1", "0.1"]
    assert status(document) == ["effective", "effective"]


def test_what_begins_for_a_country_ends_what_was_so_at_its_sites() -> None:
    document = two_versions(effective("0.1", GERMANY, "2022-03"), effective("0.1", FRANCE, "2022-03"))
    command = effective("1.0", GERMANY, "2022-06-01")
    assert events_of(document, command) == ["VersionMadeEffective", "VersionSuperseded"]
    document = after([command], document)
    assert [held(document, place, "2022-06-01") for place in (SITE, FRANCE)] == ["1.0", "0.1"]
    assert held(document, SITE, "2022-05-31") == "0.1"
    everywhere = after([effective("1.0", FRANCE, "2022-09")], document)
    assert status(everywhere) == ["superseded", "effective"]


def test_a_late_entry_falls_into_its_place_and_is_superseded_at_once() -> None:
    document = two_versions(effective("1.0", GERMANY, "2022-06-01"))
    late = effective("0.1", GERMANY, "2022-03-01")
    assert events_of(document, late) == ["VersionMadeEffective", "VersionSuperseded"]
    document = after([late], document)
    assert [held(document, SITE, day) for day in ("2022-04-01", "2022-06-01")] == ["0.1", "1.0"]
    assert status(document) == ["superseded", "effective"]


@pytest.mark.parametrize("since", ["2022-06-01", "2022-03-01", "2022-03"])
def test_a_newer_version_begins_later_than_the_older_one_where_both_hold(since: str) -> None:
    document = two_versions(effective("0.1", SITE, "2022-06-01"))
    assert codes(document, effective("1.0", GERMANY, since)) == ["versions_out_of_order"]


def test_an_older_version_does_not_come_back() -> None:
    document = two_versions(effective("1.0", SITE, "2022-06-01"))
    assert codes(document, effective("0.1", GERMANY, "2022-07-01")) == ["versions_out_of_order"]


def test_the_same_effect_is_told_once_and_another_day_for_it_is_refused() -> None:
    document = two_versions(effective("0.1", GERMANY, "2022-03-01"))
    assert decide(document, effective("0.1", GERMANY, "2022-03-01")) == []
    assert codes(document, effective("0.1", SITE, "2022-04-01")) == ["already_effective"]


def test_only_an_approved_version_takes_effect_and_not_before_its_approval() -> None:
    assert codes(in_review(), effective("0.1", GERMANY, "2022-03")) == ["wrong_status"]
    assert codes(approved(), effective("0.1", GERMANY, "2022-01-31")) == ["before_last_step"]


def test_a_protocol_takes_effect_for_countries_and_sites_and_a_plan_everywhere_at_once() -> None:
    assert codes(approved(), effective("0.1", Place(), "2023")) == ["place_missing"]
    plan = approved(reviewed(in_review(drafted(PLAN))))
    assert codes(plan, effective("0.1", GERMANY, "2023")) == ["place_not_whole"]
    assert held(after([effective("0.1", Place(), "2023")], plan), SITE, "2023-01-01") == "0.1"


def test_a_countrys_consent_form_takes_effect_there_only() -> None:
    form = approved(reviewed(in_review(drafted(CONSENT, place=GERMANY))))
    assert codes(form, effective("0.1", FRANCE, "2023")) == ["outside_document"]
    assert held(after([effective("0.1", SITE, "2023")], form), SITE, "2023-01-01") == "0.1"


def test_a_date_is_needed() -> None:
    command = ask.MakeEffective(occurred_at=None, version="0.1", place=GERMANY)
    assert codes(approved(), command) == ["occurred_at_missing"]


def test_an_effect_can_end_without_a_version_in_its_stead() -> None:
    end = ask.EndEffect(occurred_at="2022-09-01", place=SITE, reason="Unreadable translation.")
    document = two_versions(effective("0.1", SITE, "2022-03-01"))
    ended = after([end], document)
    assert (held(ended, SITE, "2022-08-31"), held(ended, SITE, "2022-09-01")) == ("0.1", None)
    assert (status(ended)[0], decide(ended, end)) == ("obsolete", [])
    again = after([effective("1.0", SITE, "2022-10-01")], ended)
    assert held(again, SITE, "2022-10-01") == "1.0"


def test_an_end_says_why_and_when_and_ends_something() -> None:
    document = two_versions(effective("0.1", SITE, "2022-03-01"))
    assert codes(document, ask.EndEffect(occurred_at=None, place=SITE, reason=None)) == [
        "reason_missing",
        "occurred_at_missing",
    ]
    assert codes(document, ask.EndEffect(occurred_at="2022-02", place=SITE, reason="-")) == ["before_last_step"]
    assert codes(document, ask.EndEffect(occurred_at="2023", place=FRANCE, reason="-")) == ["nothing_in_effect"]
