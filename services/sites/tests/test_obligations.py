"""The standard list governs commands that there are."""

from typing import Any, Final, get_args, get_type_hints

from chassis.commands import Aggregate
from contracts.obligations import OBLIGATIONS, governing
from sites import store

BELONGS_TO_NONE: Final[dict[str, str | set[str]]] = {
    "study": {"RegisterStudy", "AdoptStudy", "NoteStudyMilestones"},
    "sponsor-agreement": "agreements are what the others rest on",
    "feasibility": {"SaveAnswers", "ReturnAnswers", "RevokeLink"},
    "site-team": {"NoteExpiries"},
    "organisation": "the CRO's own, of no study",
    "person": "the CRO's own, of no study",
    "questionnaire": "perhaps of no study; sending it is governed",
    "pre-study-visit": "learned from events",
    "evidence": "learned from events",
}
"""What no row governs: beginnings, what is learned, the site's own acts, and what protects a link."""


def test_every_command_belongs_to_an_obligation_or_is_named_as_one_that_belongs_to_none() -> None:
    free: dict[str, set[str]] = {}
    found: list[Any] = [one for one in vars(store).values() if isinstance(one, Aggregate)]
    for one in found:
        union = get_type_hints(one.decide)["command"]
        names: set[str] = {command.__name__ for command in get_args(union) or (union,)}
        left = {name for name in names if governing("sites", one.name, name) is None}
        free |= {one.name: left} if left else {}
    assert free.keys() == BELONGS_TO_NONE.keys()
    for name, left in free.items():
        said = BELONGS_TO_NONE[name]
        assert isinstance(said, str) or said == left, (name, left)


def test_every_command_that_the_list_governs_is_one_of_this_service() -> None:
    found: list[Any] = [one for one in vars(store).values() if isinstance(one, Aggregate)]
    aggregates = {one.name: one for one in found}
    for token in (name for row in OBLIGATIONS.values() for name in row.governs if name.startswith("sites.")):
        _, aggregate, *command = token.split(".")
        assert aggregate in aggregates, token
        union = get_type_hints(aggregates[aggregate].decide)["command"]
        names = {one.__name__ for one in get_args(union) or (union,)}
        assert set(command) <= names, token


def test_the_closer_a_row_names_a_command_the_earlier_it_counts() -> None:
    selection, management = OBLIGATIONS["site_selection"], OBLIGATIONS["site_management"]
    assert governing("sites", "study-site", "SelectSite") is selection
    assert governing("sites", "study-site", "CloseSite") is management
    ethics, authority = OBLIGATIONS["ethics_submission"], OBLIGATIONS["regulatory_submission"]
    assert governing("regulatory", "submission", "Submit", "ethics_committee") is ethics
    assert governing("regulatory", "submission", "Submit", "competent_authority") is authority
    assert governing("sites", "study", "RegisterStudy") is None
