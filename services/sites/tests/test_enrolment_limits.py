"""A limit is set, moved and lifted; the one that leaves no room is named."""

import pytest
from kernel import Refused
from sites.domain.enrolment_limits import EnrolmentLimits, Limit, LimitEnrolment, Taken, decide, evolve, full


def limit(subjects: int | None, country: str | None = None, site_id: str | None = None) -> LimitEnrolment:
    about = {"occurred_at": "2022-03-01", "study_id": "s1", "sponsor_id": "acme-1"}
    return LimitEnrolment.model_validate({**about, "country": country, "site_id": site_id, "subjects": subjects})


def after(*commands: LimitEnrolment) -> EnrolmentLimits | None:
    state: EnrolmentLimits | None = None
    for command in commands:
        for event in decide(state, command):
            state = evolve(state, event)
    return state


def test_a_limit_is_set_moved_and_lifted_at_its_place_alone() -> None:
    limits = after(limit(10), limit(5, "DE"), limit(4, "DE"), limit(1, "DE", "site-7"), limit(None, "DE", "site-7"))
    assert limits is not None
    assert limits.limits == (Limit(subjects=10), Limit(country="DE", subjects=4))
    assert decide(limits, limit(4, "DE")) == []


def test_lifting_what_is_not_limited_changes_nothing() -> None:
    assert decide(None, limit(None)) == []


def test_a_site_is_limited_in_its_country() -> None:
    with pytest.raises(Refused, match="name both"):
        decide(None, limit(1, None, "site-7"))


def test_a_subject_counts_under_the_limits_of_its_study_country_and_site() -> None:
    limits = after(limit(10), limit(5, "DE"), limit(5, "FR"), limit(1, "DE", "site-7"))
    assert limits is not None
    assert [one.level for one in limits.of("DE", "site-7")] == ["study", "country", "site"]
    assert [one.level for one in limits.of("DE", "site-8")] == ["study", "country"]


def test_what_is_full_is_named_with_its_counts() -> None:
    [reason] = full(
        [Taken(limit=Limit(subjects=5), enrolled=4), Taken(limit=Limit(country="DE", subjects=3), enrolled=3)]
    )
    assert (reason.code, reason.detail) == (
        "country_limit_reached",
        "3 subjects are enrolled and 3 is the limit of the country: raise it first.",
    )
