"""What could not be applied is held, and holds nothing else."""

from collections.abc import Sequence

from chassis.stream.applying import apply_sound
from chassis.stream.records import Record


async def break_on_two(batch: Sequence[tuple[Record, int]]) -> None:
    """Nobody can apply a two."""
    if any(number == 2 for _, number in batch):
        raise ArithmeticError("no twos") from LookupError("two")


async def test_an_error_that_is_kept_keeps_no_batch_alive() -> None:
    batch = [(Record("topic", 0, number, {"ce_subject": f"a/{number}"}, b""), number) for number in range(8)]
    [held] = await apply_sound(break_on_two, batch)
    assert held.record.offset == 2
    assert isinstance(held.error, ArithmeticError)
    assert (held.error.__traceback__, held.error.__cause__, held.error.__context__) == (None, None, None)


def numbered(*numbers: int) -> list[tuple[Record, int]]:
    """Records of as many aggregates."""
    return [(Record("topic", 0, offset, {"ce_subject": f"a/{offset}"}, b""), n) for offset, n in enumerate(numbers)]


async def test_a_poison_among_sound_records_is_held_without_a_second_round() -> None:
    rounds: list[list[int]] = []

    async def apply(batch: Sequence[tuple[Record, int]]) -> None:
        rounds.append([number for _, number in batch])
        await break_on_two(batch)

    held = await apply_sound(apply, numbered(0, 1, 2, 3, 4, 5, 6, 7))
    assert [one.record.offset for one in held] == [2]
    assert rounds == [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3], [0, 1], [2], [3], [4, 5, 6, 7]]


async def test_what_fails_as_a_whole_is_tried_again_a_moment_later() -> None:
    rounds: list[int] = []

    async def apply(batch: Sequence[tuple[Record, int]]) -> None:
        rounds.append(len(batch))
        if len(rounds) <= 3:
            raise ArithmeticError("gone a moment later")

    assert await apply_sound(apply, numbered(0, 1)) == []
    assert rounds == [2, 1, 1, 2]


async def test_a_rule_that_refuses_a_whole_batch_is_not_asked_again() -> None:
    rounds: list[int] = []

    async def refuse(batch: Sequence[tuple[Record, int]]) -> None:
        rounds.append(len(batch))
        raise ValueError("not after its own end")

    held = await apply_sound(refuse, numbered(0, 1))
    assert [type(one.error) for one in held] == [ValueError, ValueError]
    assert rounds == [2, 1, 1]
