"""The standard list governs commands that there are."""

from typing import Any, get_args, get_type_hints

from chassis.commands import Aggregate
from contracts.obligations import OBLIGATIONS, governing
from sites import store


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
