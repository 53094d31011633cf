"""Templates to pages: everything from data is escaped, and nothing is loaded but the page's own files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from chassis.http.assets import CONTENT_SECURITY_POLICY, file_answer, files_below, hash_of
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE: Final = Path(__file__).parent
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}
"""The address of a page holds a secret: it must reach neither another site nor a search engine."""


class Renderer:
    """The templates and the files they load."""

    def __init__(self) -> None:
        """Read the files once."""
        self._files = files_below(HERE / "static")
        self._hash = hash_of(self._files)
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        cast("dict[str, Any]", self._templates.globals).update(asset=self.address)

    def address(self, name: str) -> str:
        """Address of a file; a misspelt name fails here and not in the browser."""
        assert name in self._files, name
        return f"/static/links/{self._hash}/{name}"

    def page(
        self,
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page."""
        html = self._templates.get_template(template).render(**values)
        return HTMLResponse(html, status_code=status, headers={**(headers or {}), **HEADERS})

    def router(self) -> APIRouter:
        """The route of the files. They are public: they hold nothing of any study."""
        routes = APIRouter(include_in_schema=False)

        @routes.get("/static/links/{version}/{name:path}")
        def read_link_file(version: str, name: str) -> Response:
            return file_answer(self._files, name, is_current=version == self._hash)

        return routes
