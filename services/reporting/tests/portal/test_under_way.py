"""A study under way: its obligations, its amendments, its planned activations, and many entries told as few lines."""

from datetime import timedelta
from html import unescape

import pytest
from chassis import clock
from contracts import regulatory, sites
from playwright.async_api import ViewportSize, expect
from reporting.portal.wording import day
from telling import Story
from telling_amendments import AmendmentStory, activation_of, tell_baseline
from telling_boards import ZONES, tell_clock, tell_item, tell_start_up
from telling_tmf import DocumentStory, open_file

from .conftest import Portal, Window
from .test_accessibility import FIND, GRAVE, told

pytestmark = pytest.mark.stack
BROWSER = pytest.mark.browser
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
SPONSOR = "Under Way"
RULES = ("eu-ctr-first-visit", "eu-ctr-results", "dsur", "us-ind-annual-report", "eu-ctr-archive")


def tell_amendments(story: Story) -> None:
    """A version reaches one site of two; the other waits."""
    today = clock.now().date()
    days = {"approved_on": today - timedelta(days=60), "effective_on": today - timedelta(days=40)}
    for number, country in enumerate(("DE", "DE", "FR")):
        amendment = AmendmentStory(story.site(f"Amended {number}", country), "2.0", **days)
        amendment.opened()
        if number:
            amendment.met("training", today - timedelta(days=12))
        else:
            amendment.implemented(today - timedelta(days=20), "training", "consent_form")


@pytest.fixture(scope="session")
async def under_way(portal: Portal) -> Story:
    """A study with obligations, one of them overdue, amendments, planned activations and a file by milestone."""
    story, today = Story(SPONSOR, "WAY-1"), clock.now().date()
    story.registered(title="A study under way", countries=("DE", "FR"))
    starting = tell_start_up(story, today, count=3)
    certificate = {"expires_on": (today + timedelta(days=20)).isoformat()}
    tell_item(starting[1], "insurance", 3, sites.ChecklistItemMet, today, **certificate)
    days = zip(starting, (-3, 5, 40), strict=True)
    tell_baseline(story, *(activation_of(site, today + timedelta(days=day)) for site, day in days))
    for number, rule in enumerate(RULES):
        country = list(ZONES)[number % 4]
        missed = "may_end" if rule.endswith("archive") else "nothing"
        more = {"about_type": "obligation", "obliges": "sponsor", "if_missed": missed}
        period = tell_clock(story, story.study_id, country, rule, today + timedelta(days=number * 6 - 2), **more)
        if number == 0:
            period.tell(regulatory.RegulatoryDeadlineMissed)
    open_file(story)
    for number in range(6):
        milestone = f"{1 + number % 3:02}"
        document = DocumentStory(story, f"{number}", f"0{1 + number}.01.01", milestone=milestone)
        document.expected(today.isoformat())
        document.received((today - timedelta(days=1)).isoformat())
    tell_amendments(story)
    await portal.tell(story.told)
    return story


async def test_obligations_stand_under_the_submissions_and_follow_the_same_filters(
    portal: Portal, under_way: Story
) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get("/submissions")).text).split('id="obligations"')[1]
        rows = page.split("<tbody")[1].split("<tr role")[1:]
        assert "overdue" in rows[0]
        assert "EU CTR first visit" in rows[0]
        assert len(rows) == len(RULES)
        assert "at least until" in page
        assert "5 open, 1 overdue, 1 due within 7 days" in page
        soon = unescape((await visitor.get("/submissions?due=soon")).text).split('id="obligations"')[1]
        assert "1 obligation on this page" in soon
        assert "neither a body nor a stage" in (await visitor.get("/submissions?body=ethics_committee")).text
    async with portal.visitor("Newcomer") as visitor:
        page = (await visitor.get(f"/submissions?study={under_way.study_id}")).text
        assert "EU CTR" not in page


async def test_planned_activations_and_their_delays_stand_on_the_board(portal: Portal, under_way: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get(f"/start-up?study={under_way.study_id}")).text)
        assert "3 days late" in page
        assert "3 sites on this page" in page
        expires = day((clock.now().date() + timedelta(days=20)).isoformat())
        assert f"expires {expires}" in page
        assert f'<small class="expiry" aria-hidden="true">{expires}</small>' in page


async def test_a_file_is_told_by_milestone(portal: Portal, under_way: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get(f"/tmf?study={under_way.study_id}")).text)
        assert "By milestone" in page
        assert "Clinical infrastructure ready" in page
        live = unescape((await visitor.get(f"/tmf?study={under_way.study_id}&milestone=03")).text)
        assert "Milestone 03 <b>Site live</b>" in live


async def test_a_studys_page_tells_how_far_each_version_has_come(portal: Portal, under_way: Story) -> None:
    async with portal.visitor(SPONSOR) as visitor:
        page = unescape((await visitor.get(f"/studies/{under_way.study_id}")).text)
        table = page.split('id="amendments"')[1].split("</section>")[0]
        assert table.count('<th role="rowheader"') == 2
        assert "Protocol 2.0" in table
        assert "1 site: Authority approval (1)" in table
        assert "Amended 1" in table
        lines = page.split("data-live-entries")[1].split("</ol></live-entries>")[0]
        assert lines.count('class="entry folded"') > 1
        assert "entries" in lines


@BROWSER
async def test_a_line_opens_to_its_entries_without_scripts(window: Window, under_way: Story) -> None:
    address = f"/studies/{under_way.study_id}"
    async with window.opened(address, under_way.sponsor, java_script_enabled=False) as page:
        line = page.locator(".entry.folded").first
        await expect(line.locator(".entries .entry").first).to_be_hidden()
        await line.locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(line.locator(".entries .entry").first).to_be_visible()


@BROWSER
@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "dark"), (NARROW, "light")], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", ["/studies/{}", "/submissions?study={}", "/tmf?study={}", "/start-up?study={}"])
async def test_the_pages_keep_nobody_out_and_fit_their_window(
    window: Window, under_way: Story, axe: str, path: str, size: ViewportSize, scheme: str
) -> None:
    address = path.format(under_way.study_id)
    async with window.opened(address, under_way.sponsor, viewport=size, color_scheme=scheme) as page:
        await page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        await page.evaluate(axe)
        found = await page.evaluate(FIND)
        assert [told(one) for one in found if one["impact"] in GRAVE] == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
