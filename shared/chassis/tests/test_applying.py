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
