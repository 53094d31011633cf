"""The boards as pages: what is told of what is due and missing, to whom, with and without scripts and by keys."""

import asyncio
from datetime import timedelta
from html import unescape

import pytest
from chassis import clock
from contracts import sponsor_id
from playwright.async_api import ViewportSize, expect
from telling import Story
from telling_boards import tell_start_up, tell_starting_site, tell_submission, tell_submissions, tell_tmf

from .conftest import Portal, Window
from .test_accessibility import FIND, GRAVE, told

pytestmark = pytest.mark.stack
BOARDS = ("/submissions", "/start-up", "/tmf")
BROWSER = pytest.mark.browser
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
SPONSOR, RIVAL = "Start-up & Sons", "Nobody's Business"


@pytest.fixture(scope="session")
async def starting(portal: Portal) -> Story:
    """A study in start-up, with submissions in six countries."""
    story = Story(SPONSOR, "START-1")
    story.registered(title="A study in <b>start-up</b>", countries=("DE", "FR"))
    tell_submissions(story, clock.now().date())
    tell_start_up(story, clock.now().date())
    tell_tmf(story, clock.now().date())
    await portal.tell(story.told)
    return story


@pytest.fixture(scope="session")
async def rival(portal: Portal) -> Story:
    """A study of another sponsor, with a submission where nobody else has one."""
    story = Story(RIVAL, "RIVAL-1")
    story.registered(title="Secret of a rival", registry_ids=("NCT-RIVAL",))
    tell_submission(story, "BR", "ethics_committee", 1, clock.now().date())
    tell_starting_site(story, 1, "BR", clock.now().date(), 3)
    tell_tmf(story, clock.now().date(), count=1)
    await portal.tell(story.told)
    return story


@pytest.mark.parametrize("path", BOARDS)
async def test_a_board_is_for_those_who_are_signed_in(portal: Portal, path: str) -> None:
    async with portal.visitor(signed_in=False) as visitor:
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (401, "text/html")


@pytest.mark.parametrize("path", BOARDS)
async def test_a_board_shows_a_sponsor_nothing_of_another(
    portal: Portal, starting: Story, rival: Story, path: str
) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        for asked in ("", f"?study={rival.study_id}", f"?sponsor={sponsor_id(RIVAL)}", "?country=BR"):
            page = (await visitor.get(f"{path}{asked}")).text
            assert "RIVAL" not in page
            assert rival.study_id not in page.replace(asked, "")
        assert starting.study_id in (await visitor.get(path)).text


@pytest.mark.parametrize("path", BOARDS)
async def test_a_board_with_nothing_on_it_says_what_fills_it(portal: Portal, path: str) -> None:
    async with portal.visitor("Newcomer") as visitor:
        page = (await visitor.get(path)).text
        assert 'class="empty"' in page
        assert "appears here as soon as" in page


@pytest.mark.parametrize("path", ["/submissions?show=nonsense", "/start-up?order=x", "/tmf?zone=no"])
async def test_a_filter_that_means_nothing_is_refused_as_a_page(portal: Portal, path: str) -> None:
    async with portal.visitor() as visitor:
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (422, "text/html")


async def test_what_is_overdue_stands_first_and_is_told_in_words(portal: Portal, starting: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get(f"/submissions?study={starting.study_id}&due=")).text)
        rows = page.split("<tbody")[1].split("<tr role")[1:]
        assert "overdue" in rows[0]
        assert "Europe/" in rows[0]
        assert "No date" in rows[-1]
        soon = unescape((await visitor.get("/submissions?due=soon")).text)
        assert "overdue</b>" not in soon
        nothing = (await visitor.get("/submissions?due=soon&body=ethics_committee&stage=rejected")).text
        assert "No submission fits" in nothing


async def test_a_notification_says_what_it_tells_of(portal: Portal) -> None:
    story = Story("Notified", "NOTIFIED-1")
    story.registered()
    about = {"kind": "notification", "notifies": ("trial_started", "recruitment_ended")}
    tell_submission(story, "DE", "competent_authority", 1, clock.now().date(), **about)
    await portal.tell(story.told)
    async with portal.visitor("Notified") as visitor:
        page = unescape((await visitor.get("/submissions?show=closed")).text)
        assert "Notification: trial started, recruitment ended" in page
        assert "trial started" not in (await visitor.get("/submissions")).text


async def test_a_page_of_a_board_follows_another(portal: Portal) -> None:
    story = Story("Sixty", "SIXTY-1")
    story.registered()
    today = clock.now().date()
    for number in range(60):
        tell_starting_site(story, number, "DE", today, number % 9)
        country = f"{chr(65 + number // 26)}{chr(65 + number % 26)}"
        tell_submission(story, country, "ethics_committee", 1, today - timedelta(days=30))
    await portal.tell(story.told)
    async with portal.visitor("Sixty") as visitor:
        for path, row in (("/submissions", '<td role="cell" data-label="Due"'), ("/start-up", '<th scope="row"')):
            page = unescape((await visitor.get(path)).text)
            following = page.split('" rel="next"')[0].rsplit('href="', 1)[1]
            assert page.count(row) == 50
            assert (await visitor.get(following)).text.count(row) == 10


async def test_a_cell_says_what_is_missing_or_by_what_it_is_met_in_words(portal: Portal, starting: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get(f"/start-up?study={starting.study_id}")).text)
        assert "Missing: no evidence yet" in page
        assert "Met since" in page
        assert "Waived since" in page
        assert "Expired since" in page
        assert "3 Contract and insurance: Clinical trial agreement" in page
        blocked = unescape((await visitor.get("/start-up?blocked_by=product_receipt&order=country")).text)
        assert 0 < blocked.count('<th scope="row"') < page.count('<th scope="row"')
        assert "No site fits" in (await visitor.get("/start-up?blocked_by=nothing_known")).text


async def test_start_up_says_how_long_it_takes_from_one_milestone_to_another(portal: Portal, starting: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get(f"/start-up?study={starting.study_id}")).text).partition("Cycle times")[2]
        assert "Site identified" in page
        assert "Site selected" in page
        assert ">18.5</b>" in page
        assert "16 sites" in page
        assert "Cycle times" not in (await visitor.get("/start-up?country=AQ")).text


async def test_a_studys_page_leads_to_its_boards_and_says_what_is_urgent(portal: Portal, starting: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get(f"/studies/{starting.study_id}")).text)
        for path, text in (
            ("/start-up", "16 sites, 1 ready"),
            ("/submissions", "overdue"),
            ("/tmf", "documents filed"),
        ):
            place = page.index(f'href="{path}?study={starting.study_id}"')
            assert text in page[place : place + 300]


async def test_a_file_is_told_by_zone_and_by_site(portal: Portal, starting: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get("/tmf")).text)
        assert "NCT-START-1" in page
        page = unescape((await visitor.get(f"/tmf?study={starting.study_id}")).text)
        assert "IRB/IEC and other approvals" in page
        assert "Trial and country" in page
        assert "DE-001" in page
        assert f'href="/tmf?study={starting.study_id}&zone=05"' in page
        zone = unescape((await visitor.get(f"/tmf?study={starting.study_id}&zone=05")).text)
        assert "Zone 05 <b>Site management</b>" in zone
        assert zone.count('<th role="rowheader"') < page.count('<th role="rowheader"')


@BROWSER
async def test_a_choice_narrows_the_board_in_place_and_stays_in_the_address(window: Window, starting: Story) -> None:
    async with window.opened("/submissions", starting.sponsor) as page:
        await page.evaluate("window.stayed = true")
        before = await page.locator("#results tbody tr").count()
        await page.get_by_label("Due", exact=True).focus()
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#results tbody tr.late")).not_to_have_count(before)
        await expect(page.locator("#results tbody tr:not(.late)")).to_have_count(0)
        await expect(page.get_by_role("status")).to_contain_text("on this page")
        assert page.url.endswith("?due=overdue&show=open")
        assert await page.evaluate("window.stayed") is True


@BROWSER
async def test_the_board_works_without_scripts(window: Window, starting: Story) -> None:
    async with window.opened("/submissions", starting.sponsor, java_script_enabled=False) as page:
        await page.get_by_label("Country").select_option("JP")
        await page.get_by_role("button", name="Apply").click()
        assert await page.locator("#results tbody tr").count() == 2
        await page.get_by_role("link", name="NCT-START-1").first.click()
        await expect(page.locator("h1")).to_contain_text("A study in <b>start-up</b>")


@BROWSER
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", BOARDS)
async def test_a_board_keeps_nobody_out_and_fits_its_window(
    window: Window, starting: Story, axe: str, path: str, size: ViewportSize, scheme: str
) -> None:
    async with window.opened(path, starting.sponsor, viewport=size, color_scheme=scheme) as page:
        await page.evaluate(axe)
        found = await page.evaluate(FIND)
        assert [told(one) for one in found if one["impact"] in GRAVE] == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@BROWSER
async def test_the_matrix_is_scrolled_by_keys_with_site_and_item_in_sight(window: Window, starting: Story) -> None:
    narrow = ViewportSize(width=700, height=500)
    async with window.opened("/start-up", starting.sponsor, viewport=narrow) as page:
        frame = page.locator(".matrix-frame")
        await frame.focus()
        await page.keyboard.press("End")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator(".matrix thead th.site")).to_be_in_viewport()
        while await frame.evaluate("one => one.scrollTop") <= 50:  # noqa: ASYNC110 - scrolling is smooth and tells nobody
            await asyncio.sleep(0.02)
        await expect(page.locator(".matrix thead th.site")).to_be_in_viewport()
        await page.get_by_label("Group by").select_option("country")
        await expect(page.locator(".matrix .group th").first).to_contain_text("Germany")
        assert page.url.endswith("order=country")
