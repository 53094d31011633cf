"""The story of a start-up, as `studyline scenario start-up` tells it, and what must be true once it is told."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from chassis import clock
from client import Addresses
from platform_user import User, eventually
from studyline.scenario.commands import tokens_of
from studyline.scenario.stage import Stage
from studyline.scenario.start_up import Tale, entries_of, tell_start_up
from studyline.testing import Servers

SPONSOR, RIVAL, PROTOCOL = "Journey Start-up AG", "Journey Start-up Rival SE", "JSU-301"
SELECTED = {"DE-01", "DE-02", "FR-01", "GB-01", "US-01"}
OPENED = SELECTED - {"DE-02"}
TOO_EARLY = {
    "authority_approval",
    "ethics_approval",
    "clinical_trial_agreement",
    "delegation_log",
    "trial_training",
    "initiation_visit",
    "product_receipt",
    "insurance",
    "data_privacy_agreement",
}
WAIVED = "normal_ranges"
COLLECTIONS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("sites", "/studies/{study}/sites", {}),
    ("sites", "/studies/{study}/checklists", {}),
    ("sites", "/feasibility", {"study_id": "{study}"}),
    ("regulatory", "/documents", {"study_id": "{study}"}),
    ("regulatory", "/submissions", {"study_id": "{study}"}),
    ("regulatory", "/clocks", {"study_id": "{study}"}),
    ("regulatory", "/studies/{study}/tmf/documents", {}),
    ("monitoring", "/visits", {"study_id": "{study}"}),
)
OF_SITE = ("subjects", "contracts", "shipments", "trainings", "delegations")


@dataclass(frozen=True)
class Told:
    """The story once it is told, and who reads of it."""

    tale: Tale
    lines: list[str]
    user: User

    def site(self, number: str) -> str:
        """A site's id."""
        return self.tale.sites[number]

    async def activation(self, number: str, **asked: str) -> dict[str, Any]:
        """Why a site is open."""
        return (await self.user.get("sites", f"/sites/{self.site(number)}/activation", **asked)).json()


@asynccontextmanager
async def telling(stack: Servers, lines: list[str]) -> AsyncGenerator[Tale]:
    """The story, told on the running stack."""
    addresses = Addresses.model_validate(stack.addresses)
    async with Stage(addresses, tokens_of(stack.data), f"journey/{SPONSOR}/{PROTOCOL}", lines.append) as stage:
        yield await tell_start_up(stage, SPONSOR, PROTOCOL, clock.now().date())


@pytest.fixture(scope="module")
async def told(stack: Servers) -> Told:
    """The whole story, once."""
    lines: list[str] = []
    async with telling(stack, lines) as tale:
        return Told(tale, lines, User(stack, "operations"))


async def test_five_of_twelve_candidates_are_chosen_and_who_is_not_has_a_reason(told: Told) -> None:
    sites = await told.user.all("sites", f"/studies/{told.tale.study_id}/sites")
    assert {one["number"] for one in sites if one["status"] != "not_selected"} == SELECTED
    assert len(sites) == 12
    ranked = await told.user.all("sites", f"/studies/{told.tale.study_id}/candidates")
    assert [one["rank"] for one in ranked] == list(range(1, 13))
    last = ranked[-1]
    assert (last["site_id"], last["disqualified_by"]) == (told.site("DE-04"), ["pharmacy"])
    entries = await told.user.all("reporting", "/timeline", study=told.tale.study_id, kind="site_not_selected")
    assert {one["site_id"] for one in entries} == {told.site(one["number"]) for one in sites} - set(
        map(told.site, SELECTED)
    )


async def test_the_refusals_named_everything_that_stood_in_the_way(told: Told) -> None:
    refusals = {name: {one["field"] for one in reasons} for name, reasons in told.tale.refusals.items()}
    assert refusals["too_early"] >= TOO_EARLY
    assert refusals["one_left"] == {WAIVED}
    [contract] = told.tale.refusals["contract"]
    assert "site_agreements" in contract["detail"]
    said = "\n".join(told.lines)
    assert all(one["detail"] in said for reasons in told.tale.refusals.values() for one in reasons)


async def test_an_activation_names_the_events_it_rests_on_also_for_an_earlier_day(told: Told) -> None:
    why = await told.activation("DE-01")
    approvals = await told.user.all(
        "reporting", "/timeline", study=told.tale.study_id, kind="submission_approved", country="DE"
    )
    first = sorted(approvals, key=lambda one: one["occurred_at"])[:2]
    assert {one["event_id"] for one in first} <= set(why["decision"]["rested_on"])
    assert why["decision"]["occurred_at"] == told.tale.calendar(-268)
    waivers = {one["requirement"]: one["waiver"]["printed_name"] for one in why["items"] if one["waiver"]}
    assert waivers == {WAIVED: told.tale.cast.quality.name}
    before = await told.activation("DE-01", in_force_on=told.tale.calendar(-297))
    assert {"authority_approval", "initiation_visit", "trial_training"} < set(before["blocked_by"])
    assert "ethics_approval" not in before["blocked_by"]


async def test_submissions_stand_where_their_bodies_left_them_and_clocks_say_whether_in_time(told: Told) -> None:
    found = await told.user.all("regulatory", "/submissions", study_id=told.tale.study_id)
    stages = {one["submission_id"]: one["stage"] for one in found}
    of = {key: stages[submission] for key, submission in told.tale.submissions.items()}
    assert of["fr-authority"] == "approved_with_conditions"
    assert of["us-authority"] == "tacitly_approved"
    assert of["us-authority-2"] == "submitted"
    assert (of["de-authority-3"], of["fr-authority-3"]) == ("rfi_received", "valid")
    assert {stage for key, stage in of.items() if key.endswith("-2")} == {"approved", "submitted"}
    clocks = await told.user.all("regulatory", "/clocks", study_id=told.tale.study_id)
    answers = [one for one in clocks if one["rule_id"] in {"eu-ctr-answer", "gb-combined-answer"}]
    assert {one["status"] for one in answers if one["over_on"]} == {"stopped"}
    assert all(one["in_time"] for one in answers if one["status"] == "stopped")
    renewal = {one["status"] for one in clocks if one["rule_id"] == "us-irb-continuing-review"}
    assert len(renewal) == 1


async def test_the_trials_start_and_first_visit_are_due_by_themselves_and_met_by_what_the_authority_was_told(
    told: Told,
) -> None:
    async def notices() -> dict[tuple[str, str], tuple[str, bool | None]]:
        clocks = await told.user.all("regulatory", "/clocks", study_id=told.tale.study_id, about_type="obligation")
        return {(one["rule_id"], one["country"]): (one["status"], one["in_time"]) for one in clocks}

    start, first, held = "eu-ctr-start-of-trial", "eu-ctr-first-visit", "eu-ctr-no-subject-included"
    expected = {(rule, country): ("stopped", True) for rule in (start, first, held) for country in ("DE", "FR")}
    expected[first, "FR"] = ("stopped", False)
    assert await eventually(notices, lambda found: found == expected) == expected


async def test_the_report_of_each_initiation_is_signed_counts_for_its_site_and_files_itself(told: Told) -> None:
    held = await told.user.all("regulatory", f"/studies/{told.tale.study_id}/tmf/documents", unique_id="102")
    filed = {one["site_id"] for one in held if one["status"] == "current"}
    assert filed == {told.site(number) for number in OPENED}
    why = await told.activation("DE-01")
    [report] = [one for one in why["items"] if one["requirement"] == "initiation_report"]
    entries = await told.user.all("reporting", "/timeline", study=told.tale.study_id, kind="visit_report_approved")
    assert {one["event_id"] for one in report["evidence"]} <= {one["event_id"] for one in entries}
    assert report["evidence"]


async def test_documents_are_signed_and_filed_by_their_events(told: Told) -> None:
    documents = await told.user.all("regulatory", "/documents", study_id=told.tale.study_id)
    versions = [version for one in documents for version in one["versions"]]
    assert {one["approval"]["printed_name"] for one in versions} == {told.tale.cast.medical.name}
    held = await told.user.all("regulatory", f"/studies/{told.tale.study_id}/tmf/documents", status="current")
    filed = {one["artifact"]["unique_id"] for one in held}
    assert filed >= {31, 32, 33, 40, 41, 53, 66, 80, 95, 247}, "each is filed by an event"
    board = await told.user.all("reporting", "/tmf-completeness", study=told.tale.study_id)
    [shown] = [one for one in board if one["study_id"] == told.tale.study_id]
    assert shown["filed"] <= len(held)
    assert shown["filed"] > 0


async def test_every_subject_is_under_the_consent_form_in_effect(told: Told) -> None:
    subjects = [
        one for number in OPENED for one in await told.user.all("sites", f"/sites/{told.site(number)}/subjects")
    ]
    assert len(subjects) == len(told.tale.story.subjects)
    under_way = [one for one in subjects if one["status"] in {"screened", "treatment_started"}]
    assert {one["consents"][-1]["form"]["version"] for one in under_way} == {"2.0"}
    assert not any(one["reconsent_required"] for one in under_way)
    assert {one["status"] for one in subjects} == {"treatment_started", "screen_failed", "withdrawn", "screened"}


async def test_each_open_site_has_implemented_the_amendment_and_the_lags_are_told(told: Told) -> None:
    [amended] = await told.user.all("sites", f"/studies/{told.tale.study_id}/amendments")
    by_country = {one["country"]: one for one in amended["countries"]}
    assert {country: (one["sites"], one["implemented"]) for country, one in by_country.items()} == dict.fromkeys(
        ("DE", "FR", "GB", "US"), (1, 1)
    )
    for number in OPENED:
        [one] = await told.user.all("sites", f"/sites/{told.site(number)}/amendments")
        lags = {step["step"]: step["lag_days"] for step in one["steps"] if step["status"] == "met"}
        assert lags.keys() >= {"ethics_approval", "protocol_in_effect", "training", "consent_form", "reconsent"}
        assert one["days_from_approval"] >= max(lags.values()) > one["days_from_effect"] > 0
    waiting = next(one for one in told.tale.story.effects if one.country == "US")
    [us] = await told.user.all("sites", f"/sites/{told.site('US-01')}/amendments")
    assert us["effective_on"] == told.tale.calendar(waiting.amended)
    assert "authority_approval" not in us["blocked_by"], "the authority was told, it need not agree"


async def test_the_boards_show_who_is_open_and_what_blocks_the_one_that_is_not(told: Told) -> None:
    async def starting() -> list[dict[str, Any]]:
        return await told.user.all("reporting", "/start-up", study=told.tale.study_id)

    [blocked] = await eventually(starting, lambda board: len(board) == 1)
    assert blocked["site_id"] == told.site("DE-02")
    assert "clinical_trial_agreement" in blocked["blocked_by"]
    assert blocked["checklist_version"] == "study/2"
    sites = await told.user.all("reporting", f"/studies/{told.tale.study_id}/sites")
    assert {one["site_id"] for one in sites if one["status"] == "active"} == {told.site(number) for number in OPENED}
    board = await told.user.all("reporting", "/submission-board", study=told.tale.study_id)
    asked = next(one for one in board if one["submission_id"] == told.tale.submissions["de-authority-3"])
    assert "eu-ctr-answer" in {one["rule_id"] for one in asked["clocks"]}


async def test_the_timeline_tells_it_in_order(told: Told) -> None:
    entries = await told.user.all("reporting", "/timeline", study=told.tale.study_id, site=told.site("DE-01"))
    dated = [one["occurred_at"] for one in entries if one["occurred_at"] is not None]
    assert [one[:10] for one in dated] == sorted(one[:10] for one in dated)
    kinds = [one["kind"] for one in entries]
    steps = ["site_identified", "site_cda_signed", "site_selected", "site_start_up_begun", "site_activated"]
    assert [kind for kind in kinds if kind in steps] == steps
    assert kinds.index("site_activated") < kinds.index("subject_consented") < kinds.index("subject_re_consented")


async def test_another_sponsor_sees_none_of_it(stack: Servers, told: Told) -> None:
    rival = User(stack, "sponsor", RIVAL)
    secrets = [told.tale.study_id, *told.tale.sites.values(), *told.tale.documents.values(), SPONSOR]
    for service, path, query in COLLECTIONS:
        asked = {name: value.format(study=told.tale.study_id) for name, value in query.items()}
        answer = await rival.get(service, path.format(study=told.tale.study_id), **asked)
        assert answer.status_code == 404 or answer.json()["items"] == [], path
    for path in ("/timeline", "/start-up", "/submission-board", "/tmf-completeness", "/studies"):
        seen = json.dumps(await rival.all("reporting", path))
        assert not any(secret in seen for secret in secrets), path


async def versions_of(told: Told) -> dict[str, Any]:
    """Every aggregate of the study with its version, as it is listed."""
    lists = [(one, path, query) for one, path, query in COLLECTIONS]
    lists += [("sites", f"/sites/{site}/{what}", {}) for site in told.tale.sites.values() for what in OF_SITE]
    found: dict[str, Any] = {}
    for service, path, query in lists:
        asked = {name: value.format(study=told.tale.study_id) for name, value in query.items()}
        items = await told.user.all(service, path.format(study=told.tale.study_id), **asked)
        found |= {f"{service}{path}/{number}": one["version"] for number, one in enumerate(items)}
    return found


async def test_told_again_it_changes_no_version_anywhere_and_nobody_acts_twice(stack: Servers, told: Told) -> None:
    before = await versions_of(told)
    async with telling(stack, []) as again:
        assert (again.study_id, again.sites) == (told.tale.study_id, told.tale.sites)
        assert await entries_of(again) == again.entries_before
    assert await versions_of(told) == before
