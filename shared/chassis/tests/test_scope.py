"""A scope decides the same for a filter and for one object, and can only become narrower."""

from chassis.scope import Scope
from hypothesis import given
from hypothesis import strategies as st

IDS = st.sampled_from(["a", "b", "c"])
LIMITS = st.none() | st.frozensets(IDS)
SCOPES = st.builds(Scope, sponsors=LIMITS, studies=LIMITS)


def passes(filter_: dict[str, dict[str, list[str]]], sponsor: str, study: str | None) -> bool:
    document = {"sponsor": sponsor, "study": study}
    return all(document[field] in wanted["$in"] for field, wanted in filter_.items())


@given(SCOPES, IDS, st.none() | IDS)
def test_the_filter_and_the_single_decision_agree(scope: Scope, sponsor: str, study: str | None) -> None:
    assert scope.allows(sponsor, study) == passes(scope.filter(), sponsor, study)


@given(SCOPES, LIMITS, LIMITS, IDS, IDS)
def test_narrowing_never_shows_more(
    scope: Scope, sponsors: frozenset[str] | None, studies: frozenset[str] | None, sponsor: str, study: str
) -> None:
    narrowed = scope.narrowed(sponsors, studies)
    wanted = Scope(sponsors, studies)
    assert narrowed.allows(sponsor, study) == (scope.allows(sponsor, study) and wanted.allows(sponsor, study))


def test_everything_has_no_filter() -> None:
    assert Scope.everything().filter() == {}
    assert Scope.of(["*", "acme"]) == Scope.everything()


def test_an_empty_scope_sees_nothing() -> None:
    assert Scope.of([]).filter() == {"sponsor": {"$in": []}}
    assert not Scope.of([]).allows("acme", "s1")


def test_a_study_limit_hides_objects_without_a_study() -> None:
    assert not Scope.of(["acme"], ["s1"]).allows("acme", None)
    assert Scope.of(["acme"]).allows("acme", None)
