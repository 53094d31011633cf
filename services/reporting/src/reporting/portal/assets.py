"""Styles, scripts and the installed browser libraries, held in memory and addressed by the hash of them all.

Third-party files are served from where npm put them, and only those that are named here.
"""

import hashlib
from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Response

PACKAGE: Final = Path(__file__).parent
VENDOR_FOLDER: Final = PACKAGE / "node_modules"
VENDOR_FILES: Final[Mapping[str, str]] = {"htmx.min.js": "htmx.org/dist/htmx.min.js"}
INSTALL_COMMAND: Final = "make portal"
HASH_CHARACTERS: Final = 12
SUFFIXES: Final = frozenset({".css", ".js", ".svg"})
FOREVER: Final = "public, max-age=31536000, immutable"
ALWAYS_ASK: Final = "no-cache"


class Assets:
    """Every file that a page may load, by its name below /static/portal or /static/vendor."""

    def __init__(self, vendor_folder: Path = VENDOR_FOLDER) -> None:
        """Read the files once; `missing` names the libraries that are not installed."""
        own = PACKAGE / "static"
        self._portal = {
            path.relative_to(own).as_posix(): path.read_bytes()
            for path in sorted(own.rglob("*"))
            if path.suffix in SUFFIXES
        }
        present = {name: vendor_folder / place for name, place in VENDOR_FILES.items()}
        self._vendor = {name: path.read_bytes() for name, path in present.items() if path.is_file()}
        self.missing: tuple[str, ...] = tuple(sorted(VENDOR_FILES.keys() - self._vendor.keys()))
        self._hash = _hash_of(self._portal | self._vendor)

    def portal(self, name: str) -> str:
        """Address of one of the portal's own files; a misspelt name fails here and not in the browser."""
        assert name in self._portal, name
        return f"/static/portal/{self._hash}/{name}"

    def vendor(self, name: str) -> str | None:
        """Address of an installed library, None where it is not installed."""
        return f"/static/vendor/{self._hash}/{name}" if name in self._vendor else None

    def router(self) -> APIRouter:
        """The routes of the files. They are public: they hold nothing of any study."""
        routes = APIRouter(include_in_schema=False)

        @routes.get("/static/portal/{version}/{name:path}")
        def read_portal_file(version: str, name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
            return self._answer(self._portal, version, name)

        @routes.get("/static/vendor/{version}/{name}")
        def read_vendor_file(version: str, name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
            return self._answer(self._vendor, version, name)

        return routes

    def _answer(self, files: Mapping[str, bytes], version: str, name: str) -> Response:
        if name not in files:
            raise HTTPException(404, f"There is no file {name} here. If it is a library: {INSTALL_COMMAND}.")
        # A page from before an update asks by the old hash: it gets the present file, but may not keep it.
        keep = FOREVER if version == self._hash else ALWAYS_ASK
        kind = guess_type(name)[0] or "application/octet-stream"
        return Response(files[name], media_type=kind, headers={"Cache-Control": keep})


def _hash_of(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:HASH_CHARACTERS]
