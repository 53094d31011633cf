"""Before a checker may say that all is well, it has found what is not."""

import pytest
from checkers import CHECKERS, check
from histories import BAD, chance_of, good

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_good_history_is_found_good(seed: int) -> None:
    assert check(good(chance_of(seed))) == []


@pytest.mark.parametrize("flaw", BAD)
def test_a_bad_history_is_found_bad(flaw: str) -> None:
    kind, spoil = BAD[flaw]
    for seed in SEEDS:
        chance = chance_of(seed)
        history = good(chance)
        spoil(history, chance)
        assert kind in {finding.kind for finding in check(history)}, seed


def test_every_checker_has_found_something() -> None:
    assert {kind for kind, _ in BAD.values()} == set(CHECKERS)
