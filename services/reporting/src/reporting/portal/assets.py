"""Styles, scripts and the installed browser libraries, held in memory and addressed by the hash of them all.

Third-party files are served from where npm put them, and only those that are named here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chassis.http.assets import file_answer, files_below, hash_of
from fastapi import APIRouter, Response

PACKAGE: Final = Path(__file__).parent
VENDOR_FOLDER: Final = PACKAGE / "node_modules"
VENDOR_FILES: Final[Mapping[str, str]] = {"htmx.min.js": "htmx.org/dist/htmx.min.js"}
INSTALL_COMMAND: Final = "make portal"


class Assets:
    """Every file that a page may load, by its name below /static/portal or /static/vendor."""

    def __init__(self, vendor_folder: Path = VENDOR_FOLDER) -> None:
        """Read the files once; `missing` names the libraries that are not installed."""
        self._portal = files_below(PACKAGE / "static")
        present = {name: vendor_folder / place for name, place in VENDOR_FILES.items()}
        self._vendor = {name: path.read_bytes() for name, path in present.items() if path.is_file()}
        self.missing: tuple[str, ...] = tuple(sorted(VENDOR_FILES.keys() - self._vendor.keys()))
        self._hash = hash_of(self._portal | self._vendor)

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
        remedy = f" If it is a library: {INSTALL_COMMAND}."
        return file_answer(files, name, is_current=version == self._hash, remedy=remedy)
