"""Templates to pages: everything from data is escaped, and a strict policy rides on every answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import structlog
from chassis.http.assets import CONTENT_SECURITY_POLICY
from chassis.http.auth import Principal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reporting.portal import wording
from reporting.portal.assets import INSTALL_COMMAND, VENDOR_FOLDER, Assets
from reporting.portal.matrix import cells

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class Renderer:
    """The templates of the portal with what they may use."""

    def __init__(self, vendor_folder: Path | None) -> None:
        self.assets = Assets(vendor_folder or VENDOR_FOLDER)
        if self.assets.missing:
            _log.warning(
                "browser libraries are missing; the portal works, but loads whole pages",
                missing=self.assets.missing,
                remedy=f"run `{INSTALL_COMMAND}`",
            )
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        named = ("words", "tone", "sign", "number", "day", "instant", "rule", "left", "counted", "days", "stands")
        filters = cast("dict[str, Any]", self._templates.filters)
        filters.update({name: getattr(wording, name) for name in named}, cells=cells)
        shared = cast("dict[str, Any]", self._templates.globals)
        shared.update(assets=self.assets, install_command=INSTALL_COMMAND)

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        *,
        caller: Principal | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page for this request; `caller` is who is signed in."""
        html = self._templates.get_template(template).render(
            **values, caller=caller, path=request.url.path, sign_in=_sign_in_address(request)
        )
        policy = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return HTMLResponse(html, status_code=status, headers={**(headers or {}), **policy})


def _sign_in_address(request: Request) -> str:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    inside = here.startswith("/portal/")
    return f"/portal/sign-in?{urlencode({'next': '/' if inside else here})}"
