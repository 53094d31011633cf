"""The members of MongoDB's replica set and of Kafka's cluster: how many there are, and what each is called."""

from collections.abc import Callable
from dataclasses import dataclass

from studyline.errors import StackError
from studyline.paths import Layout, write_private

REPLICATED = ("mongodb", "kafka")
COUNTS = (1, 3)


def directly(name: str, port: int) -> int:
    """Reach a member where it listens."""
    assert name
    return port


@dataclass(frozen=True)
class Shape:
    """How many members MongoDB and Kafka have each; None means as many as the directory was made with, else one.

    `front` gives the port at which a member is reached by everybody, the other members included, from the name of its
    port and the one on which it listens: so that somebody can stand between.
    """

    replicas: int | None = None
    front: Callable[[str, int], int] = directly


def members_of(server: str, replicas: int) -> tuple[str, ...]:
    """The names of a server's members: `mongodb` alone, or `mongodb-1` to `mongodb-3`. Others have no members."""
    if replicas == 1 or server not in REPLICATED:
        return (server,)
    return tuple(f"{server}-{number}" for number in range(1, replicas + 1))


def settled_replicas(layout: Layout, wanted: int | None) -> int:
    """How many members each server of this directory has: fixed by its first start.

    Raises StackError where the directory was made with another number, or the number is none of those that work.
    """
    before = _made_with(layout)
    count = wanted if wanted is not None else before or 1
    if count not in COUNTS:
        message = f"--replicas {count} is not possible: choose 1, or 3, of which a majority outlives the loss of one"
        raise StackError(message)
    if before not in {None, count}:
        message = (
            f"{layout.root} was made with --replicas {before}: start it without the option, "
            "or choose another directory with --data"
        )
        raise StackError(message)
    write_private(layout.replicas, f"{count}\n")
    return count


def _made_with(layout: Layout) -> int | None:
    if layout.replicas.exists():
        return int(layout.replicas.read_text())
    # Made before there was a choice.
    return 1 if layout.passwords.exists() else None
