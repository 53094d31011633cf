"""The Ed25519 keys that sign and verify checkpoints, as they stand in files and settings."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

PublicKeys = Mapping[str, Ed25519PublicKey]


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

    def sign(self, data: bytes) -> str:
        """The signature in hexadecimal digits: the same again for the same data."""
        return self._key.sign(data).hex()


def load_public_keys(files: Iterable[Path]) -> PublicKeys:
    """Read public keys in PEM, old ones and new ones. Raises ValueError with a sentence for the user."""
    keys = [_public_key(file) for file in files]
    return {key_id(key): key for key in keys}


def key_id(key: Ed25519PublicKey) -> str:
    """What a checkpoint calls the key: the first sixteen digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


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
