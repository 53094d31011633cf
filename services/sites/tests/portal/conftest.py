"""The form on a real port, in a real browser."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from chassis.http.web import create_server
from playwright.async_api import Browser, Page, async_playwright
from sites.app import compose
from sites.settings import Settings
from studyline.ports import free_ports
from studyline.testing import Servers
from studyline.testing.service import Face, settings_of

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
AXE = Path(__file__).parents[3] / "reporting/src/reporting/portal/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="session")
async def form(servers: Servers) -> AsyncIterator[Face]:
    """The service's interface where a browser reaches it, and whoever sends questionnaires."""
    port = next(free_ports())
    url = f"http://127.0.0.1:{port}"
    place = {"http_host": "127.0.0.1", "http_port": port, "forms_url": url}
    settings = settings_of(servers, Settings).model_copy(update=place)
    service = compose(settings)
    server = create_server(service.app("api"), settings)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells it by this attribute alone
        await asyncio.sleep(0.02)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        yield Face(client, servers, service.parts.cluster, service.parts.database, servers.token("operations"))
    server.should_exit = True
    await running


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no browser: `apt-get install chromium` to run the tests of the pages")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@dataclass(frozen=True)
class Window:
    """Opens pages in a browser, and hears what goes wrong in them and where they ask."""

    browser: Browser
    complaints: list[str]
    asked: list[tuple[str, str | None]]

    @asynccontextmanager
    async def opened(self, address: str, **options: Any) -> AsyncGenerator[Page]:
        """A page; `options` are the browser context's."""
        context = await self.browser.new_context(**options)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("request", lambda one: self.asked.append((one.url, one.headers.get("referer"))))
        await page.goto(address)
        yield page
        await context.close()


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[Window]:
    """A browser; the test fails where a page complained, of the content security policy for one."""
    complaints: list[str] = []
    yield Window(browser, complaints, [])
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's source."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `make portal`")
    return AXE.read_text()
