"""Files that pages load: styles and scripts, held in memory and addressed by the hash of them all."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from fastapi import HTTPException, Response

HASH_CHARACTERS: Final = 12
SUFFIXES: Final = frozenset({".css", ".js", ".svg"})
FOREVER: Final = "public, max-age=31536000, immutable"
ALWAYS_ASK: Final = "no-cache"
SHARED: Final = ("look.css", "mark.svg")
"""The style sheet that every page of the platform has first, and the platform's sign."""
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of pages that load nothing but these files."""


def files_below(folder: Path) -> dict[str, bytes]:
    """The styles, scripts and pictures of a folder by their path in it, with those that all pages share."""
    own = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES
    }
    return {**{name: files("chassis.http").joinpath(name).read_bytes() for name in SHARED}, **own}


def hash_of(content: Mapping[str, bytes]) -> str:
    """What stands in the addresses: another wherever a file is another."""
    digest = hashlib.sha256()
    for name, one in sorted(content.items()):
        digest.update(f"{name}\0{len(one)}\0".encode() + one)
    return digest.hexdigest()[:HASH_CHARACTERS]


def file_answer(content: Mapping[str, bytes], name: str, *, is_current: bool, remedy: str = "") -> Response:
    """A file by its name. Raises the 404; `remedy` says what to do where a file is missing.

    A page from before an update asks by the old hash: it gets the present file, but may not keep it.
    """
    if name not in content:
        raise HTTPException(404, f"There is no file {name} here.{remedy}")
    kind = guess_type(name)[0] or "application/octet-stream"
    keep = FOREVER if is_current else ALWAYS_ASK
    return Response(content[name], media_type=kind, headers={"Cache-Control": keep})
