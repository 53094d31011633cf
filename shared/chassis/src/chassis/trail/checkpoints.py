"""Checkpoints: signed statements about which journal entries there were, each resting on the one before it.

A checkpoint names the Merkle root of the entries it seals and, for exports of one study, the root of how many entries
each study has had up to here. Ed25519 signs it; the key's id stands in it, so that keys can change.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.seal_keys import PublicKeys
from chassis.trail.merkle import leaf_hash, root_of

PURPOSE = b"studyline checkpoint v1\n"
"""Signed in front of each checkpoint, so that no other thing signed with the key can pass for one."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Leaf(NamedTuple):
    """One sealed entry: its id, its hash and its study."""

    entry: str
    hash: str
    study: str

    @property
    def digest(self) -> bytes:
        """The leaf's hash in the tree of its checkpoint."""
        return leaf_hash(orjson.dumps([self.entry, self.hash, self.study]))


class Checkpoint(BaseModel):
    """What is signed. Times are RFC 3339; `newest` is the latest `recorded_at` among the entries."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    service: str
    number: int = Field(ge=1)
    previous: Sha256 | None
    root: Sha256
    count: int = Field(ge=1)
    total: int = Field(ge=1)
    studies: Sha256
    studies_count: int = Field(ge=1)
    newest: str
    sealed_at: str
    key_id: str

    @property
    def signed_bytes(self) -> bytes:
        """The very bytes of the signature."""
        return PURPOSE + orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)

    @property
    def digest(self) -> str:
        """What the next checkpoint names as its previous."""
        return hashlib.sha256(self.signed_bytes).hexdigest()


class SignedCheckpoint(BaseModel):
    """A checkpoint and its signature in hexadecimal digits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: Checkpoint
    signature: str

    def is_signed_by(self, keys: PublicKeys) -> bool:
        """Whether one of the keys, the one it names, signed it."""
        key = keys.get(self.checkpoint.key_id)
        if key is None:
            return False
        try:
            key.verify(bytes.fromhex(self.signature), self.checkpoint.signed_bytes)
        except (InvalidSignature, ValueError):
            return False
        return True


class SealedCheckpoint(SignedCheckpoint):
    """As it leaves the database: with every entry it seals, so that a missing one can be named."""

    leaves: tuple[Leaf, ...]

    def without_leaves(self) -> SignedCheckpoint:
        """The statement alone; the entries of other studies are nobody else's business."""
        return SignedCheckpoint(checkpoint=self.checkpoint, signature=self.signature)


def entries_root(leaves: Sequence[Leaf]) -> str:
    """The root over the entries of a checkpoint."""
    return root_of([leaf.digest for leaf in leaves]).hex()


def study_leaves(totals: Mapping[str, int]) -> dict[str, bytes]:
    """Study → its leaf in the tree of totals, in the order of the tree."""
    return {study: leaf_hash(orjson.dumps([study, totals[study]])) for study in sorted(totals)}
