"""Pages and files over HTTP: who sees what, what is refused, what a browser is told to keep and to allow."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from reporting.portal.assets import INSTALL_COMMAND
from reporting.portal.rendering import Renderer
from starlette.requests import Request

from .conftest import HOSTILE_TITLE, Portal, Story

pytestmark = pytest.mark.stack
PAGES = ("/", "/timeline", "/timeline?view=table")


@pytest.mark.parametrize("path", [*PAGES, "/studies/1"])
async def test_who_is_not_signed_in_is_told_so_and_led_back(portal: Portal, path: str) -> None:
    async with portal.visitor(signed_in=False) as visitor:
        answer = await visitor.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("text/html")
        assert str(httpx.QueryParams({"next": path})) in unescape(answer.text)


async def test_data_routes_answer_problems_and_not_pages(portal: Portal) -> None:
    async with portal.visitor(signed_in=False) as visitor:
        answer = await visitor.get("/portal/timeline.json")
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("path", PAGES)
async def test_a_sponsor_sees_nothing_of_another(portal: Portal, acme: Story, globex: Story, path: str) -> None:
    async with portal.visitor(acme.sponsor) as visitor:
        page = (await visitor.get(path)).text
        assert "lobex" not in page
        assert "GLOBEX" not in page
        assert globex.study_id not in page
        assert 'value="BR"' not in page
        assert (await visitor.get(f"/studies/{globex.study_id}")).status_code == 404


async def test_the_timeline_data_hold_the_callers_studies_alone(portal: Portal, acme: Story, globex: Story) -> None:
    async with portal.visitor(acme.sponsor) as visitor:
        text = (await visitor.get("/portal/timeline.json")).text
        assert acme.study_id in text
        assert globex.study_id not in text
        assert "lobex" not in text


async def test_activity_is_told_by_month_and_for_the_callers_studies_alone(
    portal: Portal, acme: Story, globex: Story
) -> None:
    both = {"study": [acme.study_id, globex.study_id]}
    await portal.tell(globex.site("Clinic", "BR"))
    async with portal.visitor(acme.sponsor) as visitor:
        told = (await visitor.get("/portal/activity.json", params=both)).json()
        assert told == {acme.study_id: {"2025-02": [3, 0]}}


async def test_too_many_studies_at_once_are_refused(portal: Portal) -> None:
    async with portal.visitor() as visitor:
        answer = await visitor.get("/portal/activity.json", params={"study": ["x"] * 81})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_timeline_data_that_did_not_change_are_not_sent_again(portal: Portal, acme: Story) -> None:
    async with portal.visitor(acme.sponsor) as visitor:
        first = await visitor.get("/portal/timeline.json")
        assert first.headers["content-encoding"] == "gzip"
        again = await visitor.get("/portal/timeline.json", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_dates_keep_their_precision_on_the_way_to_the_chart(portal: Portal, acme: Story) -> None:
    async with portal.visitor(acme.sponsor) as visitor:
        told = (await visitor.get("/portal/timeline.json")).json()
        row = next(one for one in told["studies"] if one[0] == acme.study_id)
        dates = {told["kinds"][kind]: [planned, actual] for kind, planned, actual in row[8]}
        assert dates == {"study_start": ["2024-05", "2024-06-03"], "study_completion": ["2028-01", None]}
        assert row[9:] == [3, 3, 0, 120]


async def test_text_from_data_is_text_on_every_page(portal: Portal, acme: Story) -> None:
    async with portal.visitor(acme.sponsor) as visitor:
        for path in ("/", "/timeline?view=table", f"/studies/{acme.study_id}"):
            page = (await visitor.get(path)).text
            assert "<script>window.hacked" not in page
            assert "<img src=x" not in page
            assert HOSTILE_TITLE in unescape(page)


async def test_a_page_names_every_script_and_style_and_allows_no_other(portal: Portal, acme: Story) -> None:
    async with portal.visitor(acme.sponsor) as visitor:
        answer = await visitor.get("/")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|<script(?![^>]* src=)| style=| on\w+=\"", answer.text.replace(HOSTILE_TITLE, ""))
        addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text)
        assert len(addresses) >= 6
        for address in addresses:
            file = await visitor.get(address)
            assert file.status_code == 200
            assert file.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_page_from_before_an_update_gets_the_present_file_but_may_not_keep_it(portal: Portal) -> None:
    async with portal.visitor(signed_in=False) as visitor:
        answer = await visitor.get("/static/portal/0123456789ab/base.css")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/static/vendor/x/package.json",
        "/static/vendor/x/axe.min.js",
        "/static/portal/x/../pages.py",
        "/static/portal/x/%2e%2e/pages.py",
        "/static/portal/x/templates/base.html",
    ],
)
async def test_only_named_files_are_served(portal: Portal, path: str) -> None:
    async with portal.visitor(signed_in=False) as visitor:
        assert (await visitor.get(path, follow_redirects=True)).status_code == 404


async def test_fields_left_empty_in_the_form_are_no_filters(portal: Portal, acme: Story, globex: Story) -> None:
    async with portal.visitor() as visitor:
        page = await visitor.get("/?q=&sponsor=&country=&phase=&status=completed")
        assert page.status_code == 200
        assert globex.study_id in page.text
        assert acme.study_id not in page.text


async def test_a_filter_that_makes_no_sense_is_named_on_a_page(portal: Portal) -> None:
    async with portal.visitor() as visitor:
        answer = await visitor.get("/?status=marvellous")
        assert (answer.status_code, answer.headers["content-type"][:9]) == (422, "text/html")
        assert "<b>status</b>" in answer.text
        assert (await visitor.get("/?cursor=made-up")).status_code == 400


async def test_the_pages_of_the_portfolio_hold_every_study_once(portal: Portal) -> None:
    stories = [Story("Many") for _ in range(120)]
    await portal.tell([story.registered(f"M-{place}") for place, story in enumerate(stories)])
    found: list[str] = []
    async with portal.visitor("Many") as visitor:
        address: str | None = "/?phase=phase_2"
        while address:
            page = (await visitor.get(address)).text
            found += re.findall(r'href="/studies/([^"]+)"', page)
            following = re.search(r'href="([^"]+)" rel="next"', page)
            address = unescape(following[1]) if following else None
    assert sorted(found) == sorted(story.study_id for story in stories)


async def test_a_page_that_does_not_exist_is_a_page(portal: Portal) -> None:
    async with portal.visitor() as visitor:
        for path in ("/studies/unknown", "/portal/unknown"):
            answer = await visitor.get(path)
            assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")


async def test_signing_in_does_not_lead_elsewhere(portal: Portal) -> None:
    async with portal.visitor(signed_in=False) as visitor:
        answer = await visitor.get("/portal/callback?code=x&state=y")
        assert answer.status_code == 400
        assert "Begin again with Sign in" in answer.text
        started = await visitor.get("/portal/sign-in?next=https://evil.test/")
        assert started.status_code == 303
        assert started.headers["location"].startswith(portal.servers.issuer_url)
        assert "evil" not in started.headers["location"]


async def test_another_site_cannot_sign_a_user_out(portal: Portal) -> None:
    async with portal.visitor(signed_in=False) as visitor:
        answer = await visitor.post("/portal/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_missing_libraries_are_told_and_pages_do_without_them(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path)
    scope: dict[str, Any] = {
        "type": "http",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "server": ("portal.test", 80),
    }
    page = bytes(renderer.page(Request(scope), "signed_out.html", {}).body).decode()
    assert renderer.assets.missing == ("htmx.min.js",)
    assert INSTALL_COMMAND in page
    assert "/static/vendor" not in page
