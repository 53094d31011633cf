"""axe-core finds nothing serious on any page, in both colour schemes, wide and narrow."""

from typing import Any

import pytest

from .conftest import Story, Window

pytestmark = [pytest.mark.stack, pytest.mark.browser]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
GRAVE = {"serious", "critical"}
FIND = "axe.run({resultTypes: ['violations']}).then(({violations}) => violations)"


def told(violation: dict[str, Any]) -> str:
    places = [node["html"][:120] for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']} {places}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", ["/", "/?q=none-of-them", "/timeline", "/timeline?view=table", "/studies/{}"])
async def test_nobody_is_kept_out(
    window: Window, acme: Story, axe: str, path: str, size: dict[str, int], scheme: str
) -> None:
    options = {"viewport": size, "color_scheme": scheme}
    async with window.opened(path.format(acme.study_id), acme.sponsor, **options) as page:
        if path == "/timeline":
            await page.wait_for_selector("study-timeline[data-ready]")
            await page.locator(".tl-legend summary").click()
        await page.evaluate(axe)
        found = await page.evaluate(FIND)
        assert [told(one) for one in found if one["impact"] in GRAVE] == []


@pytest.mark.parametrize("path", ["/", "/timeline", "/timeline?view=table", "/studies/{}"])
async def test_nothing_sticks_out_of_a_narrow_window(window: Window, acme: Story, path: str) -> None:
    async with window.opened(path.format(acme.study_id), acme.sponsor, viewport=NARROW) as page:
        await page.wait_for_load_state("networkidle" if path == "/" else "load")
        assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


async def test_the_pages_for_those_who_are_not_signed_in_keep_nobody_out(window: Window, axe: str) -> None:
    page = await window.browser.new_page(base_url=window.portal.url)
    for path in ("/", "/portal/signed-out", "/portal/unknown"):
        await page.goto(path)
        await page.evaluate(axe)
        found = await page.evaluate(FIND)
        assert [told(one) for one in found if one["impact"] in GRAVE] == []
    await page.close()
