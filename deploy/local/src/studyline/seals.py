"""Seals of a stack: a signing key a service, its public half, and the file of its checkpoints."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from studyline.paths import Layout, write_private

SEALED = ("sites", "regulatory", "monitoring")
"""The services that have a journal."""


def seals_folder(layout: Layout) -> Path:
    """Where keys and checkpoints lie: beside the database, never in it."""
    return layout.root / "seals"


def private_key_file(layout: Layout, service: str) -> Path:
    """The signing key."""
    return seals_folder(layout) / f"{service}.key.pem"


def checkpoint_file(layout: Layout, service: str) -> Path:
    """The checkpoints, one a line."""
    return seals_folder(layout) / f"{service}.checkpoints.ndjson"


def public_key_files(layout: Layout) -> list[Path]:
    """The public keys of all services."""
    return sorted(seals_folder(layout).glob("*.public.pem"))


def ensure_seal(layout: Layout, service: str) -> dict[str, str]:
    """Make the key where it is missing; what the service is told by its environment."""
    seals_folder(layout).mkdir(mode=0o700, exist_ok=True)
    private = private_key_file(layout, service)
    if not private.exists():
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        write_private(seals_folder(layout) / f"{service}.public.pem", public.decode())
        write_private(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return {
        "STUDYLINE_SEAL_KEY_FILE": os.fspath(private),
        "STUDYLINE_CHECKPOINT_FILE": os.fspath(checkpoint_file(layout, service)),
    }
