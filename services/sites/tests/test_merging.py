"""Records that are the same point to the one that survives, and a merge by mistake can be taken back."""

from functools import reduce
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kernel import Refused
from sites.domain.merging import (
    ABSORBED_MAX,
    Absorb,
    MergeInto,
    MergingCommand,
    RecordAbsorbed,
    RecordMerged,
    RecordReleased,
    RecordUnmerged,
    Release,
    Unmerge,
)
from sites.domain.naming import Identifier, compared, compared_in_any_order, is_gln
from sites.domain.organisation import (
    CorrectOrganisation,
    Organisation,
    OrganisationRegistered,
    Profile,
    decide,
    evolve,
    match_keys,
)

AT: dict[str, Any] = {"occurred_at": "2026-03-01"}
CHARITE = Profile(name="Charité", city="Berlin", country="DE")


def organisation(key: str = "a", *events: Any) -> Organisation:
    registered = OrganisationRegistered(**AT, organisation_id=key, profile=CHARITE)
    state = reduce(evolve, (registered, *events), None)
    assert state is not None
    return state


def codes(record: Organisation, command: MergingCommand | CorrectOrganisation) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(record, command)
    return [reason.code for reason in refused.value.reasons]


def test_a_record_is_merged_once_and_the_survivor_notes_it() -> None:
    into_b = MergeInto(**AT, into="b", into_merged=None)
    assert decide(organisation(), into_b) == [RecordMerged(**AT, into="b")]
    merged = organisation("a", RecordMerged(**AT, into="b"))
    assert decide(merged, into_b) == []
    absorb = Absorb(**AT, other="a", other_merged="b")
    assert decide(organisation("b"), absorb) == [RecordAbsorbed(**AT, other="a")]
    assert decide(organisation("b", RecordAbsorbed(**AT, other="a")), absorb) == []


def test_a_refused_merge_names_everything_that_is_in_the_way() -> None:
    merged = organisation("a", RecordMerged(**AT, into="b"))
    into_itself = MergeInto(**AT, into="a", into_merged="c", into_absorbed=ABSORBED_MAX)
    assert codes(merged, into_itself) == ["same_record", "already_merged", "survivor_merged", "too_many_merged"]


def test_the_survivor_takes_only_what_points_to_it() -> None:
    assert codes(organisation("b"), Absorb(**AT, other="a", other_merged=None)) == ["not_merged"]


def test_an_unmerged_record_stands_for_itself_again() -> None:
    merged = organisation("a", RecordMerged(**AT, into="b"))
    assert decide(merged, Unmerge(**AT)) == [RecordUnmerged(**AT, out_of="b")]
    assert decide(organisation(), Unmerge(**AT)) == []
    survivor = organisation("b", RecordAbsorbed(**AT, other="a"))
    assert codes(survivor, Release(**AT, other="a", other_merged="b")) == ["still_merged"]
    assert decide(survivor, Release(**AT, other="a", other_merged=None)) == [RecordReleased(**AT, other="a")]
    assert decide(organisation("b"), Release(**AT, other="a", other_merged=None)) == []


def test_a_merged_record_is_not_corrected_but_its_survivor_is() -> None:
    moved = CorrectOrganisation(**AT, profile=CHARITE.model_copy(update={"city": "Potsdam"}))
    assert codes(organisation("a", RecordMerged(**AT, into="b")), moved) == ["record_merged"]
    [corrected] = decide(organisation(), moved)
    assert evolve(organisation(), corrected).profile.city == "Potsdam"
    assert decide(organisation(), CorrectOrganisation(**AT, profile=CHARITE)) == []


def test_names_are_compared_without_case_accents_and_punctuation() -> None:
    assert compared("  Charité – Universitätsmedizin,  BERLIN ") == "charite universitatsmedizin berlin"  # noqa: RUF001
    assert compared_in_any_order("Müller, Anna") == compared_in_any_order("Anna MULLER")


def test_the_same_name_elsewhere_is_another_place() -> None:
    elsewhere = CHARITE.model_copy(update={"city": "Bonn"})
    assert set(match_keys(CHARITE)).isdisjoint(match_keys(elsewhere))


@pytest.mark.parametrize(
    ("value", "right"), [("4006381333931", True), ("4006381333932", False), ("400638133393", False)]
)
def test_a_location_number_is_checked_by_its_last_digit(value: str, *, right: bool) -> None:
    assert is_gln(value) is right
    if right:
        assert Identifier(scheme="gln", value=value).key == f"id:gln:{value}"
    else:
        with pytest.raises(ValueError, match="13 digits"):
            Identifier(scheme="gln", value=value)


IDS = ("a", "b", "c", "d")
KEYS = st.sampled_from(IDS)


class Merges(RuleBasedStateMachine):
    """Records against a model that only knows what each of them is the same as."""

    def __init__(self) -> None:
        super().__init__()
        self.records = {key: organisation(key) for key in IDS}
        self.parent: dict[str, str] = {}

    def carry_out(self, key: str, command: MergingCommand) -> bool:
        """Whether the record took the command; both of a pair do, or neither."""
        try:
            events = decide(self.records[key], command)
        except Refused:
            return False
        self.records[key] = reduce(evolve, events, self.records[key])
        return True

    @rule(key=KEYS, into=KEYS)
    def merge(self, key: str, into: str) -> None:
        done = self.carry_out(key, MergeInto(**AT, into=into, into_merged=self.records[into].merged_into))
        assert done == (self.parent.get(key) == into or (key != into and not {key, into} & self.parent.keys()))
        if done:
            self.parent[key] = into
            assert self.carry_out(into, Absorb(**AT, other=key, other_merged=self.records[key].merged_into))

    @rule(key=KEYS)
    def unmerge(self, key: str) -> None:
        out_of = self.parent.pop(key, None)
        assert self.carry_out(key, Unmerge(**AT))
        if out_of is not None:
            assert self.carry_out(out_of, Release(**AT, other=key, other_merged=None))

    @invariant()
    def both_sides_agree_and_every_way_ends(self) -> None:
        for key, record in self.records.items():
            assert record.merged_into == self.parent.get(key)
            assert set(record.absorbed) == {one for one, into in self.parent.items() if into == key}
            way = [key]
            while (into := self.records[way[-1]].merged_into) is not None:
                assert into not in way
                way.append(into)


TestMerges = Merges.TestCase
TestMerges.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
