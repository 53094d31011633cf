"""The pages in a real browser: with and without scripts, by mouse and keyboard, signed in through the issuer."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from .conftest import Portal, Story, Window

pytestmark = [pytest.mark.stack, pytest.mark.browser]
CHART = "study-timeline[data-ready]"


async def count_on_chart(page: Page, shown: int) -> None:
    await expect(page.locator(".tl-count")).to_have_text(re.compile(rf"^{shown} of "))


async def test_a_choice_narrows_the_list_in_place_and_stays_in_the_address(
    window: Window, acme: Story, globex: Story
) -> None:
    async with window.opened("/?status=", acme.sponsor, globex.sponsor) as page:
        await page.evaluate("window.stayed = true")
        await page.get_by_label("Status").select_option("completed")
        await expect(page.locator("#results tbody tr")).to_have_count(1)
        await expect(page.locator("#results")).to_contain_text("Globex")
        assert await page.evaluate("window.stayed") is True
        assert page.url.endswith("/?status=completed")
        await page.reload()
        await expect(page.locator("#results tbody tr")).to_have_count(1)


async def test_typing_finds_a_study(window: Window, acme: Story, globex: Story) -> None:
    async with window.opened("/", acme.sponsor, globex.sponsor) as page:
        await page.get_by_label("Find").press_sequentially("secret of")
        await expect(page.locator("#results tbody tr")).to_have_count(1)
        await expect(page.locator("#results tbody tr")).to_contain_text("GLOBEX-1")


async def test_pages_follow_each_other_and_the_way_back_leads_back(window: Window, portal: Portal) -> None:
    stories = [Story("Pages") for _ in range(70)]
    await portal.tell([story.registered(f"P-{place}") for place, story in enumerate(stories)])
    async with window.opened("/", "Pages") as page:
        rows = page.locator("#results tbody tr")
        await expect(rows).to_have_count(50)
        await page.evaluate("window.stayed = true")
        await page.get_by_role("link", name="Next page").click()
        await expect(rows).to_have_count(20)
        assert "cursor=" in page.url
        assert await page.evaluate("window.stayed") is True
        assert await page.evaluate("document.activeElement.id") == "results"
        await page.go_back()
        await expect(rows).to_have_count(50)


async def test_a_session_that_has_ended_is_told_on_the_next_choice(window: Window, acme: Story) -> None:
    async with window.opened("/", acme.sponsor) as page:
        await page.context.clear_cookies()
        await page.get_by_label("Status").select_option("recruiting")
        await expect(page.locator("h1")).to_have_text("You are not signed in")
        await expect(page.get_by_role("link", name="Sign in")).to_have_attribute(
            "href", "/portal/sign-in?next=%2F%3Fstatus%3Drecruiting"
        )
    # The browser itself writes every refused request down.
    window.complaints.clear()


async def test_a_choice_is_told_to_those_who_cannot_see_it(window: Window, acme: Story, globex: Story) -> None:
    async with window.opened("/", acme.sponsor, globex.sponsor) as page:
        await page.get_by_label("Phase").select_option("phase_2")
        await expect(page.get_by_role("status")).to_have_text("2 studies on this page")
        await page.get_by_label("Find").fill("none of them")
        await expect(page.get_by_role("status")).to_have_text("Nothing fits.")


async def test_the_portfolio_works_without_scripts(window: Window, acme: Story, globex: Story) -> None:
    async with window.opened("/", acme.sponsor, globex.sponsor, java_script_enabled=False) as page:
        await page.get_by_label("Status").select_option("completed")
        await page.get_by_role("button", name="Apply").click()
        assert "status=completed" in page.url
        assert await page.locator("#results tbody tr").count() == 1
        await page.goto("/timeline")
        await page.get_by_role("link", name="table", exact=True).click()
        assert await page.locator("#results tbody tr").count() == 2


async def test_a_hostile_title_is_shown_and_does_nothing(window: Window, acme: Story) -> None:
    async with window.opened("/timeline", acme.sponsor) as page:
        await page.wait_for_selector(CHART)
        await page.locator(".tl-labels a").first.focus()
        await expect(page.locator(".tl-detail")).to_contain_text("<script>window.hacked = 1</script>")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_contain_text("<script>window.hacked = 1</script>")
        assert await page.evaluate("window.hacked") is None


async def test_the_chart_is_moved_by_keys_and_opens_a_study(window: Window, portal: Portal) -> None:
    stories = [Story("Keys") for _ in range(30)]
    for place, story in enumerate(stories):
        registered = story.registered(f"K-{place:02}")
        await portal.tell([registered, *story.milestone("study_start", None, f"20{place:02}-03")])
    async with window.opened("/timeline", "Keys") as page:
        await page.wait_for_selector(CHART)
        await page.locator(".tl-labels a[tabindex='0']").focus()
        await expect(page.locator(".tl-detail")).to_contain_text("K-29")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator(".tl-detail")).to_contain_text("K-28")
        await page.keyboard.press("End")
        await expect(page.locator(".tl-detail")).to_contain_text("K-00")
        before = await page.locator(".tl-plot").screenshot()
        await page.keyboard.press("+")
        await page.wait_for_timeout(100)
        assert await page.locator(".tl-plot").screenshot() != before
        await page.keyboard.press("Enter")
        await expect(page.locator(".facts")).to_contain_text("K-00")


async def test_pointing_at_a_row_tells_and_a_click_opens(window: Window, acme: Story) -> None:
    async with window.opened("/timeline", acme.sponsor) as page:
        await page.wait_for_selector(CHART)
        await page.locator(".tl-plot").hover(position={"x": 300, "y": 20})
        await expect(page.locator(".tl-detail")).to_contain_text("Acme <Ltd>")
        await expect(page.locator(".tl-detail")).to_contain_text("3 Jun 2024 (planned May 2024)")
        await page.locator(".tl-plot").click(position={"x": 300, "y": 20})
        await page.wait_for_url(f"**/studies/{acme.study_id}")


async def test_filters_narrow_the_chart_and_stay_in_the_address(window: Window, acme: Story, globex: Story) -> None:
    async with window.opened("/timeline", acme.sponsor, globex.sponsor) as page:
        await page.wait_for_selector(CHART)
        await count_on_chart(page, 2)
        await page.get_by_label("Country").select_option("BR")
        await count_on_chart(page, 1)
        assert page.url.endswith("/timeline?country=BR")
        await page.get_by_role("link", name="Table").click()
        assert page.url.endswith("/timeline?country=BR&view=table")
        await expect(page.locator("#results tbody tr")).to_have_count(1)
        await page.get_by_role("link", name="Chart").click()
        await count_on_chart(page, 1)
        await page.get_by_role("link", name="Table").click()
        await expect(page.locator("#results tbody tr")).to_have_count(1)


async def test_of_a_thousand_studies_only_those_in_sight_are_in_the_page(window: Window, portal: Portal) -> None:
    stories = [Story("Thousand") for _ in range(1_000)]
    registered = [story.registered(f"T-{place:03}") for place, story in enumerate(stories)]
    started = [one for story in stories for one in story.milestone("study_start", "2027-01")]
    await portal.tell([*registered, *started])
    async with window.opened("/timeline", "Thousand") as page:
        await page.wait_for_selector(CHART)
        await count_on_chart(page, 1_000)
        assert await page.locator(".tl-labels li").count() < 100
        await page.locator(".tl-labels a[tabindex='0']").focus()
        await page.keyboard.press("End")
        await expect(page.locator(".tl-labels a:focus")).to_contain_text("T-999")
        assert await page.locator(".tl-labels li").count() < 100


async def test_what_comes_in_appears_on_the_timeline(window: Window, portal: Portal) -> None:
    live, other = Story("Live"), Story("Somebody else")
    await portal.tell([live.registered("L-1")])
    async with window.opened("/timeline", "Live") as page:
        await page.wait_for_selector(CHART)
        await expect(page.locator("[data-live-state]")).to_have_text("live")
        await portal.tell([other.registered("O-1"), *live.milestone("study_start", None, "2026-02")])
        first = page.locator("[data-live-entries] li").first
        await expect(first).to_contain_text("Study start L-1")
        await expect(first).to_contain_text("occurred Feb 2026")
        await expect(page.locator("[data-announce]")).to_have_text("1 new entry")
        await page.locator(".tl-labels a").first.focus()
        await expect(page.locator(".tl-detail")).to_contain_text("Feb 2026")


async def test_what_comes_in_appears_on_the_study_page(window: Window, portal: Portal) -> None:
    story = Story("Watched")
    await portal.tell([story.registered("W-1")])
    async with window.opened(f"/studies/{story.study_id}", story.sponsor) as page:
        await expect(page.locator("[data-live-state]")).to_have_text("live")
        await portal.tell(story.milestone("first_subject_in", None, "2026-03-04"))
        first = page.locator("[data-live-entries] li").first
        await expect(first).to_contain_text("First subject in")
        await expect(first).to_contain_text("occurred 4 Mar 2026")


@pytest.mark.usefixtures("acme")
async def test_a_user_signs_in_through_the_issuer_and_out_again(browser: Browser, portal: Portal) -> None:
    context = await browser.new_context(base_url=portal.url)
    page = await context.new_page()
    await page.goto("/timeline?view=table&q=acme-1")
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_label("Operations").check()
    await page.get_by_role("button").click()
    await page.wait_for_url(re.compile(r"/timeline\?view=table&q=acme-1$"))
    await expect(page.locator("#results tbody tr")).to_have_count(1)
    session = next(one for one in await context.cookies() if one.get("name") == "studyline_session")
    assert (session.get("httpOnly"), session.get("sameSite")) == (True, "Lax")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("h1")).to_have_text("You are signed out")
    await page.goto("/")
    await expect(page.locator("h1")).to_have_text("You are not signed in")
    await context.close()
