"""The boards as pages: what is told of what is due and missing, to whom, with and without scripts and by keys."""

from datetime import timedelta
from html import unescape

import pytest
from chassis import clock
from contracts import sponsor_id
from playwright.async_api import ViewportSize, expect
from telling import Story
from telling_boards import tell_submission, tell_submissions

from .conftest import Portal, Window
from .test_accessibility import FIND, GRAVE, told

pytestmark = pytest.mark.stack
BOARDS = ("/submissions",)
BROWSER = pytest.mark.browser
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
SPONSOR, RIVAL = "Start-up & Sons", "Nobody's Business"


@pytest.fixture(scope="session")
async def starting(portal: Portal) -> Story:
    """A study in start-up, with submissions in six countries."""
    story = Story(SPONSOR, "START-1")
    story.registered(title="A study in <b>start-up</b>", countries=("DE", "FR"))
    tell_submissions(story, clock.now().date())
    await portal.tell(story.told)
    return story


@pytest.fixture(scope="session")
async def rival(portal: Portal) -> Story:
    """A study of another sponsor, with a submission where nobody else has one."""
    story = Story(RIVAL, "RIVAL-1")
    story.registered(title="Secret of a rival", registry_ids=("NCT-RIVAL",))
    tell_submission(story, "BR", "ethics_committee", 1, clock.now().date())
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


@pytest.mark.parametrize("path", [f"{path}?show=nonsense" for path in BOARDS])
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


async def test_a_page_of_a_board_follows_another(portal: Portal) -> None:
    story = Story("Sixty", "SIXTY-1")
    story.registered()
    today = clock.now().date()
    for number in range(60):
        country = f"{chr(65 + number // 26)}{chr(65 + number % 26)}"
        tell_submission(story, country, "ethics_committee", 1, today - timedelta(days=30))
    await portal.tell(story.told)
    async with portal.visitor("Sixty") as visitor:
        page = unescape((await visitor.get("/submissions")).text)
        following = page.split('" rel="next"')[0].rsplit('href="', 1)[1]
        assert page.count('<tr role="row"') == 51
        assert (await visitor.get(following)).text.count('<tr role="row"') == 11


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
