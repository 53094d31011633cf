"""Checkpoints: signed statements about which journal entries there were, each resting on the one before it.

A checkpoint names the Merkle root of the entries it seals and, for exports of one study, the root of how many entries
each study has had up to here. Ed25519 signs it; the key's id stands in it, so that keys can change.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.merkle import leaf_hash, root_of

PURPOSE = b"studyline checkpoint v1\n"
"""Signed in front of each checkpoint, so that no other thing signed with the key can pass for one."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PublicKeys = Mapping[str, Ed25519PublicKey]


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


class SealKey:
    """A service's private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Wrap it; see `load`."""
        self._key = key
        self.id = key_id(key.public_key())

    @classmethod
    def load(cls, pem: bytes) -> "SealKey":
        """Read a private key in PEM. Raises ValueError with a sentence for the user."""
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError) as error:
            raise ValueError(_expected("private", "-out seal.pem")) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(_expected("private", "-out seal.pem"))  # noqa: TRY004 - a wrong setting, not a wrong type
        return cls(key)

    def signed(self, checkpoint: Checkpoint) -> SignedCheckpoint:
        """The checkpoint with its signature: the same again for the same checkpoint."""
        return SignedCheckpoint(checkpoint=checkpoint, signature=self._key.sign(checkpoint.signed_bytes).hex())


def load_public_keys(files: Iterable[Path]) -> PublicKeys:
    """Read public keys in PEM, old ones and new ones. Raises ValueError with a sentence for the user."""
    keys = [_public_key(file) for file in files]
    return {key_id(key): key for key in keys}


def key_id(key: Ed25519PublicKey) -> str:
    """What a checkpoint calls the key: the first sixteen digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def entries_root(leaves: Sequence[Leaf]) -> str:
    """The root over the entries of a checkpoint."""
    return root_of([leaf.digest for leaf in leaves]).hex()


def study_leaves(totals: Mapping[str, int]) -> dict[str, bytes]:
    """Study → its leaf in the tree of totals, in the order of the tree."""
    return {study: leaf_hash(orjson.dumps([study, totals[study]])) for study in sorted(totals)}


def _public_key(file: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (ValueError, OSError) as error:
        raise ValueError(f"{file}: {_expected('public', '-pubout')}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{file}: {_expected('public', '-pubout')}")  # noqa: TRY004 - a wrong file, not a wrong type
    return key


def _expected(kind: str, option: str) -> str:
    verb = "genpkey -algorithm ed25519" if kind == "private" else "pkey -in seal.pem"
    return f"no Ed25519 {kind} key in PEM: make one with `openssl {verb} {option}`"
