"""The form in a real browser: by mouse and keyboard, with and without scripts, for everybody."""

from typing import Any

import pytest
from feasibility_example import DEFINITION, RESPONDENT
from playwright.async_api import Page, expect
from studyline.testing.service import Face

from .conftest import Window

pytestmark = [pytest.mark.stack, pytest.mark.browser]
DAY = {"occurred_at": "2026-03-01"}
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
GRAVE = {"serious", "critical"}
FIND = "axe.run({resultTypes: ['violations']}).then(({violations}) => violations)"


async def made(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, {**DAY, **body})
    assert answer.is_success, answer.text
    return answer.json()


async def sent(face: Face, facility: str | None = None) -> tuple[str, str]:
    """A questionnaire that was sent: its id, and the address of its form."""
    about = {"sponsor": {"name": "Acme"}, "protocol_number": "P", "title": "T"}
    study = (await made(face, "/v1/studies", about))["study_id"]
    site = (await made(face, f"/v1/studies/{study}/sites", {"country": "DE"}))["site_id"]
    if facility is not None:
        await made(face, f"/v1/sites/{site}/facility", {"facility_id": facility})
    asked = {"title": "Feasibility of ONC-301", "definition": DEFINITION, "study_id": study}
    key = (await made(face, "/v1/questionnaires", asked))["questionnaire_id"]
    await made(face, f"/v1/questionnaires/{key}/publish", {})
    told = await made(face, f"/v1/sites/{site}/feasibility", {"questionnaire_id": key})
    return told["assessment_id"], told["link"]["address"]


async def asked_before(face: Face) -> str:
    """The address of a form for a facility that has answered another study's questionnaire."""
    facility = (await made(face, "/v1/organisations", {"name": "Charité", "country": "DE"}))["organisation_id"]
    first, _ = await sent(face, facility)
    answers = {"pharmacy": "yes", "storage": ["fridge", "freezer"], "staff": "Two nurses", "patients": "7"}
    await made(face, f"/v1/feasibility/{first}/answers", {"answers": answers, **RESPONDENT})
    return (await sent(face, facility))[1]


async def saved(page: Page) -> None:
    await expect(page.locator("[data-saved]")).to_contain_text("Saved at")


async def test_typing_is_saved_and_the_link_leads_back_to_it(window: Window, form: Face) -> None:
    _, address = await sent(form)
    async with window.opened(address) as page:
        await expect(page.locator("[data-saved]")).to_have_text("Nothing saved yet")
        await page.get_by_label("Who works there?").press_sequentially("One nurse")
        await saved(page)
        await page.get_by_label("How many patients").fill("a dozen")
        await expect(page.locator("#e-patients")).to_contain_text("in digits")
        await expect(page.get_by_label("How many patients")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("How many patients").fill("12")
        await expect(page.locator("#e-patients")).to_be_empty()
        await saved(page)
    async with window.opened(address) as page:
        await expect(page.get_by_label("Who works there?")).to_have_value("One nurse")
        await expect(page.get_by_label("How many patients")).to_have_value("12")


async def test_no_request_carries_the_links_secret_to_a_file_or_a_referrer(window: Window, form: Face) -> None:
    _, address = await sent(form)
    secret = address.rpartition("/")[2]
    async with window.opened(address) as page:
        await page.get_by_label("Who works there?").fill("One nurse")
        await saved(page)
    assert len(window.asked) >= 4
    carrying = [url for url, _ in window.asked if secret in url]
    assert {url.partition("?")[0] for url in carrying} == {address, f"{address}/draft"}
    assert not any(referrer for _, referrer in window.asked)


async def test_a_question_comes_and_goes_with_the_answer_it_depends_on(window: Window, form: Face) -> None:
    _, address = await sent(form)
    async with window.opened(address) as page:
        storage = page.get_by_role("group", name="What can it store?")
        await expect(storage).to_be_hidden()
        await expect(page.locator("[data-asked]")).to_have_text("5")
        pharmacy = page.get_by_role("group", name="Is there a pharmacy on site?")
        await pharmacy.get_by_role("radio", name="Yes").check()
        await expect(storage).to_be_visible()
        await expect(page.locator("[data-answered]")).to_have_text("1")
        await expect(page.locator("[data-asked]")).to_have_text("6")
        await pharmacy.get_by_role("radio", name="No", exact=True).check()
        await expect(storage).to_be_hidden()


async def test_the_whole_form_is_answered_by_keyboard_alone(window: Window, form: Face) -> None:
    key, address = await sent(form)
    async with window.opened(address) as page:
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Two nurses")
        await page.keyboard.press("Tab")
        await page.keyboard.type("12")
        for _ in range(3):
            await page.keyboard.press("Tab")
        for text in ("Maria Keller", "Coordinator"):
            await page.keyboard.type(text)
            await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Send answers")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Thank you: your answers were sent")
    read = (await form.get(f"/v1/feasibility/{key}")).json()
    assert [one["value"] for one in read["answers"]] == ["yes", ["fridge"], "Two nurses", "12"]


async def test_the_enter_key_saves_and_takes_nothing_over(window: Window, form: Face) -> None:
    address = await asked_before(form)
    async with window.opened(address) as page:
        await page.get_by_label("How many patients").fill("12")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        await expect(page.get_by_label("Who works there?")).to_have_value("")


async def test_what_is_wrong_is_told_first_and_leads_to_its_field(window: Window, form: Face) -> None:
    _, address = await sent(form)
    async with window.opened(address) as page:
        await page.get_by_role("button", name="Send answers").click()
        notice = page.get_by_role("alert").filter(has_text="need your attention")
        await expect(notice).to_be_focused()
        await notice.get_by_role("link", name="Your name").click()
        await expect(page.locator("#q-respondent_name")).to_be_focused()
        await expect(page.locator("#q-respondent_name")).to_have_attribute("aria-invalid", "true")
    window.complaints.clear()


async def test_earlier_answers_are_taken_over_and_marked(window: Window, form: Face) -> None:
    async with window.opened(await asked_before(form)) as page:
        await page.get_by_role("button", name="Use this answer: Two nurses").click()
        staff = page.get_by_label("Who works there?")
        await expect(staff).to_have_value("Two nurses")
        await expect(staff).to_be_focused()
        marked = page.locator('[data-question="staff"] [data-reused]')
        await expect(marked).to_be_visible()
        await saved(page)
        await page.get_by_role("button", name="Use all").click()
        await expect(
            page.get_by_role("group", name="What can it store?").get_by_role("checkbox", name="-80 °C")
        ).to_be_checked()
        await saved(page)
        await page.reload()
        await expect(page.locator("[data-reused]:visible")).to_have_count(3)
        await page.get_by_label("Who works there?").fill("Three nurses")
        await expect(marked).to_be_hidden()


async def test_two_windows_are_told_of_each_other_and_people_decide(window: Window, form: Face) -> None:
    _, address = await sent(form)
    async with window.opened(address) as first, window.opened(address) as second:
        await first.get_by_label("Who works there?").fill("One nurse")
        await saved(first)
        await second.get_by_label("Who works there?").fill("Nobody")
        conflict = second.locator("[data-conflict]")
        await expect(conflict).to_be_visible()
        await conflict.get_by_role("button", name="Keep what is here").click()
        await saved(second)
        await first.get_by_label("How many patients").fill("3")
        await first.locator("[data-conflict]").get_by_role("button", name="Load what was saved there").click()
        await expect(first.get_by_label("Who works there?")).to_have_value("Nobody")
    # The browser itself writes every refused request down.
    window.complaints.clear()


async def test_a_save_that_does_not_arrive_is_tried_again(window: Window, form: Face) -> None:
    _, address = await sent(form)
    async with window.opened(address) as page:
        await page.context.set_offline(True)
        await page.get_by_label("Who works there?").fill("One nurse")
        await expect(page.locator("[data-saved]")).to_contain_text("Not saved: no connection")
        await page.context.set_offline(False)
        await expect(page.locator("[data-saved]")).to_contain_text("Saved at", timeout=20_000)
    window.complaints.clear()


async def test_the_form_is_whole_without_scripts(window: Window, form: Face) -> None:
    key, address = await sent(form)
    async with window.opened(address, java_script_enabled=False) as page:
        await expect(page.get_by_text("Only if your answer to")).to_be_visible()
        await page.get_by_role("group", name="Is there a pharmacy").get_by_role("radio", name="Yes").check()
        await page.get_by_label("How many patients").fill("30")
        await page.get_by_role("button", name="Save and go on later").click()
        await expect(page.get_by_label("How many patients")).to_have_value("30")
        await page.get_by_label("Your name").fill("Maria Keller")
        await page.get_by_label("Your role at the site").fill("Coordinator")
        await page.get_by_role("button", name="Send answers").click()
        await expect(page.locator("h1")).to_have_text("Thank you: your answers were sent")
        await page.goto(address)
        await expect(page.locator("h1")).to_have_text("Your answers were sent already")
    assert (await form.get(f"/v1/feasibility/{key}")).json()["status"] == "returned"


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
async def test_nobody_is_kept_out(window: Window, form: Face, axe: str, size: Any, scheme: Any) -> None:
    address = await asked_before(form)
    async with window.opened(address, viewport=size, color_scheme=scheme) as page:
        await graveless(page, axe)
        await page.get_by_role("group", name="Is there a pharmacy").get_by_role("radio", name="Yes").check()
        await page.get_by_role("button", name="Send answers").click()
        await expect(page.get_by_role("alert").filter(has_text="need your attention")).to_be_visible()
        await graveless(page, axe)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        await page.goto(f"{address}x")
        await graveless(page, axe)
    window.complaints.clear()


async def graveless(page: Page, axe: str) -> None:
    await page.evaluate(axe)
    found = await page.evaluate(FIND)
    assert [
        (one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found if one["impact"] in GRAVE
    ] == []
