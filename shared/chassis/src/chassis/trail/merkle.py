"""Merkle trees as in RFC 6962: leaves and inner nodes are hashed apart, so that neither can be taken for the other.

Pure. A root commits to every leaf and its place; a path proves one leaf without showing the others.
"""

import hashlib
from collections.abc import Sequence


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of a zero byte and the data."""
    return hashlib.sha256(b"\x00" + data).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; of none it is the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The sibling hashes from a leaf up to the root. Raises IndexError where there is no such leaf."""
    if not 0 <= index < len(leaves):
        message = f"no leaf {index} among {len(leaves)}"
        raise IndexError(message)
    level, path = list(leaves), list[bytes]()
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = _above(level), index // 2
    return path


def is_proven(leaf: bytes, index: int, count: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf at this place in a tree of so many leaves to the root.

    Strict: a path that is too short or too long proves nothing, whatever it hashes to (RFC 9162, 2.1.3.2).
    """
    if not 0 <= index < count:
        return False
    found, place, last = leaf, index, count - 1
    for sibling in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = _node_hash(sibling, found)
            while place and place % 2 == 0:
                place, last = place // 2, last // 2
        else:
            found = _node_hash(found, sibling)
        place, last = place // 2, last // 2
    return last == 0 and found == root


def _above(level: Sequence[bytes]) -> list[bytes]:
    # An odd last one moves up as it is: level by level this is RFC 6962's split at the largest power of two.
    pairs = [_node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return pairs + ([level[-1]] if len(level) % 2 else [])


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
