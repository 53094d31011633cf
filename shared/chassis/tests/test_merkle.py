"""Merkle roots and paths as RFC 6962 has them, and proofs that somebody forged."""

import hashlib

import pytest
from chassis.trail.merkle import is_proven, leaf_hash, path_of, root_of
from hypothesis import given
from hypothesis import strategies as st

RFC_LEAVES = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243")]
"""Known inputs and roots of the reference implementation of Certificate Transparency."""
RFC_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
}


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(bytes([number])) for number in range(count)]


@pytest.mark.parametrize("count", RFC_ROOTS)
def test_roots_are_those_of_certificate_transparency(count: int) -> None:
    assert root_of([leaf_hash(data) for data in RFC_LEAVES[:count]]).hex() == RFC_ROOTS[count]


@pytest.mark.parametrize("count", range(1, 34))
def test_every_leaf_is_proven_by_its_path_and_no_other_leaf_is(count: int) -> None:
    all_leaves = leaves(count)
    root = root_of(all_leaves)
    for index, leaf in enumerate(all_leaves):
        path = path_of(all_leaves, index)
        assert is_proven(leaf, index, count, path, root)
        assert not any(is_proven(leaf, other, count, path, root) for other in range(count) if other != index)
        assert not is_proven(leaf_hash(b"other"), index, count, path, root)


@given(st.data(), st.integers(2, 40))
def test_a_forged_path_proves_nothing(data: st.DataObject, count: int) -> None:
    all_leaves = leaves(count)
    index = data.draw(st.integers(0, count - 1))
    path = path_of(all_leaves, index)
    forged = data.draw(
        st.sampled_from(
            [
                path[:-1],
                path[1:],
                [*path, leaf_hash(b"more")],
                [leaf_hash(b"other"), *path[1:]],
                [*path, *path],
                [],
            ]
        )
    )
    assert forged == path or not is_proven(all_leaves[index], index, count, forged, root_of(all_leaves))


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    first, second, third = leaves(3)
    inner = hashlib.sha256(b"\x01" + first + second).digest()
    assert not is_proven(inner, 0, 3, [third], root_of([first, second, third]))
    assert root_of([leaf_hash(first + second), third]) != root_of([first, second, third])


def test_a_leaf_outside_the_tree_is_not_proven() -> None:
    [only] = leaves(1)
    assert is_proven(only, 0, 1, [], only)
    assert not is_proven(only, 1, 1, [], only)
    assert not is_proven(only, -1, 1, [], only)
    assert not is_proven(only, 0, 0, [], only)
    with pytest.raises(IndexError):
        path_of([only], 1)
