"""The bench tells the truth about its figures: what was met, by how much what was not, and what failed."""

from collections.abc import Sequence

from debezium_jars import CONNECT, DEBEZIUM, DEBEZIUM_JARS
from harness import Contender, Limit, Measure, Row, Times, ours, p99_ratio_to, ratio_to, table


def given(*figures: float | Times) -> Measure:
    """A measure that gives these figures, one a round."""
    left = list(figures)

    async def measure() -> float | Times:
        return left.pop(0)

    return measure


def row(contenders: Sequence[Contender], limits: Sequence[Limit]) -> Row:
    return Row("a row", "1/s", "enough", contenders, limits)


async def test_the_middle_round_counts_and_an_aim_that_is_kept_is_met() -> None:
    contenders = [Contender("ours", given(90, 300, 100)), Contender("other", given(50, 50, 50))]
    one = row(contenders, [Limit("of other", ratio_to(1), least=2)])
    await one.run(3)
    assert one.verdicts() == ["met: of other 2"]
    assert "2.00 of other" in one.line()


async def test_an_aim_that_is_missed_says_by_how_much() -> None:
    one = row([Contender("ours", given(750))], [Limit("1/s", ours, least=1_000)])
    await one.run(1)
    assert one.verdicts() == ["**missed by 25%**: 1/s 750, wanted ≥ 1000"]


async def test_times_are_judged_by_their_slowest_hundredth() -> None:
    contenders = [Contender("ours", given(Times(4, 30))), Contender("other", given(Times(4, 40)))]
    one = row(contenders, [Limit("of other's p99", p99_ratio_to(1), most=0.5)])
    await one.run(1)
    assert one.verdicts() == ["**missed by 50%**: of other's p99 0.75, wanted ≤ 0.5"]
    assert "1.00 / 0.75 of other" in one.line()


async def test_a_row_that_fails_is_told_and_costs_no_other() -> None:
    failing = row([Contender("ours", given())], [Limit("1/s", ours, least=1)])
    whole = row([Contender("ours", given(2))], [Limit("1/s", ours, least=1)])
    for one in (failing, whole):
        await one.run_or_note(1)
    assert failing.verdicts() == ["**failed**: IndexError: pop from empty list"]
    assert "met: 1/s 2" in table([failing, whole])


def test_every_jar_of_debezium_and_of_connect_is_locked_by_its_digest() -> None:
    locked = dict(DEBEZIUM_JARS.locked())
    assert {DEBEZIUM, CONNECT} <= locked.keys()
    assert all(len(digest) == 64 for digest in locked.values())
