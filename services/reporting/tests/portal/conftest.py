"""The portal on a real port, over real MongoDB and a real issuer, filled by events through the projections."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from chassis import clock
from chassis.http.web import create_server
from chassis.mongo import Database
from contracts import Received, sponsor_id
from contracts import sites as public
from contracts.envelope import Envelope
from contracts.events import PublicEvent, Sponsor
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from pydantic import SecretStr
from reporting.app import compose
from reporting.consumers import on_events
from reporting.portal.assets import VENDOR_FOLDER
from reporting.settings import Settings
from studyline.issuer.settings import PORTAL_CLIENT, load_clients
from studyline.paths import Layout
from studyline.testing import Servers

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE_TITLE = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">\'"&amp;'


@dataclass
class Story:
    """One study as the events tell it, versions counted."""

    sponsor: str
    study_id: str = field(default_factory=clock.new_id)
    versions: dict[str, int] = field(default_factory=dict[str, int])

    def told(self, event: PublicEvent, subject: str, occurred: str | None = None) -> Received:
        self.versions[subject] = self.versions.get(subject, 0) + 1
        envelope = Envelope(
            specversion="1.0",
            id=clock.new_id(),
            source="/studyline/sites",
            type=event.TYPE,
            subject=subject,
            time=clock.now(),
            sponsor=sponsor_id(self.sponsor),
            study=self.study_id,
            aggregateversion=self.versions[subject],
            recordedtime=clock.now(),
            occurredtime=occurred,
        )
        return Received(envelope, event)

    def registered(self, number: str, title: str = "A study", **more: Any) -> Received:
        particulars: dict[str, Any] = {
            "protocol_number": number,
            "registry_ids": (),
            "phase": "phase_2",
            "status": "recruiting",
            "countries": ("DE", "JP"),
            "planned_enrolment": 120,
        }
        sponsor = Sponsor(id=sponsor_id(self.sponsor), name=self.sponsor)
        values: dict[str, Any] = {**particulars, **more, "study_id": self.study_id, "sponsor": sponsor}
        event = public.StudyRegistered(title=title, **values)
        return self.told(event, f"study/{self.study_id}", "2024-05")

    def milestone(self, kind: str, planned: str | None, actual: str | None = None) -> list[Received]:
        subject, common = f"study/{self.study_id}", {"study_id": self.study_id, "milestone": kind}
        plan = public.StudyMilestonePlanned.model_validate({**common, "planned": planned})
        reached = public.StudyMilestoneReached.model_validate({**common, "actual": actual})
        return [
            *([self.told(plan, subject)] if planned else []),
            *([self.told(reached, subject, actual)] if actual else []),
        ]

    def site(self, name: str, country: str = "DE") -> list[Received]:
        common: dict[str, Any] = {"study_id": self.study_id, "site_id": clock.new_id(), "country": country}
        subject = f"study-site/{common['site_id']}"
        identified = public.SiteIdentified(**common, name=name, city="Ulm", number="101")
        return [
            self.told(identified, subject),
            self.told(public.SiteActivated(**common, rested_on=()), subject, "2025-02-03"),
        ]


@dataclass(frozen=True)
class Portal:
    """The running portal as tests use it."""

    url: str
    database: Database
    servers: Servers

    async def tell(self, events: Sequence[Received]) -> None:
        """Let events come in as the consumer does."""
        await on_events(self.database, events)

    def token(self, *sponsors: str) -> str:
        """A token for these sponsors alone; for all of them where none is named."""
        return self.servers.token("sponsor" if sponsors else "operations", sponsors)

    @asynccontextmanager
    async def visitor(self, *sponsors: str, signed_in: bool = True) -> AsyncGenerator[httpx.AsyncClient]:
        """A client that asks without a browser."""
        headers = {"Authorization": f"Bearer {self.token(*sponsors)}"} if signed_in else {}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False) as client:
            yield client


def settings_for(servers: Servers, url: str, **more: Any) -> Settings:
    return Settings(
        environment="development",
        mongodb_uri=SecretStr(servers.mongodb_uri),
        mongodb_database=f"portal_{clock.new_id()[:8]}",
        kafka_bootstrap=servers.kafka,
        kafka_replication_factor=1,
        topic_prefix="portal.",
        issuer_url=servers.issuer_url,
        http_host="127.0.0.1",
        http_port=urlsplit(url).port or 80,
        portal_url=url,
        portal_client_id=PORTAL_CLIENT,
        portal_client_secret=SecretStr(load_clients(Layout(servers.data).issuer)[PORTAL_CLIENT].secret),
        **more,
    )


@pytest.fixture(scope="session")
async def portal(servers: Servers) -> AsyncIterator[Portal]:
    """The service on the address that the issuer knows, with nothing in its database."""
    url = servers.addresses.portal.rstrip("/")
    service = compose(settings_for(servers, url))
    server = create_server(service.app("api"), service.parts.settings)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells it by this attribute alone
        await asyncio.sleep(0.02)
    yield Portal(url, service.parts.database, servers)
    server.should_exit = True
    await running


@pytest.fixture(scope="session")
async def acme(portal: Portal) -> Story:
    """A study of Acme with milestones, sites and a hostile title."""
    story = Story("Acme <Ltd>")
    await portal.tell(
        [
            story.registered("ACME-1", HOSTILE_TITLE, registry_ids=("NCT01234567",)),
            *story.milestone("study_start", "2024-05", "2024-06-03"),
            *story.milestone("study_completion", "2028-01"),
            *(event for number in range(3) for event in story.site(f"Hospital {number}")),
        ]
    )
    return story


@pytest.fixture(scope="session")
async def globex(portal: Portal) -> Story:
    """A study of another sponsor."""
    story = Story("Globex")
    registered = story.registered("GLOBEX-1", "Secret of Globex", status="completed", countries=("BR",))
    await portal.tell([registered, *story.milestone("study_start", None, "2019")])
    return story


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
    """Opens pages of the portal in a browser that is signed in, and hears what goes wrong in them."""

    browser: Browser
    portal: Portal
    complaints: list[str]

    @asynccontextmanager
    async def opened(self, path: str, *sponsors: str, **options: Any) -> AsyncGenerator[Page]:
        """A page; `options` are the browser context's."""
        context = await self.browser.new_context(base_url=self.portal.url, **options)
        await self.sign_in(context, *sponsors)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        await page.goto(path)
        yield page
        await context.close()

    async def sign_in(self, context: BrowserContext, *sponsors: str) -> None:
        session = {"name": "studyline_session", "value": self.portal.token(*sponsors), "url": self.portal.url}
        await context.add_cookies([{**session, "httpOnly": True}])  # pyright: ignore[reportArgumentType]


@pytest.fixture
async def window(browser: Browser, portal: Portal) -> AsyncIterator[Window]:
    """A browser; the test fails where a page complained, of the content security policy for one."""
    complaints: list[str] = []
    yield Window(browser, portal, complaints)
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's source."""
    path = Path(os.fspath(VENDOR_FOLDER)) / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not installed: run `make portal`")
    return path.read_text()
