"""Clocks over HTTP and the ticker, on real MongoDB and Kafka."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from chassis import clock as wall
from chassis.commands import Commands
from chassis.journal import journal_of
from chassis.lease import Lease
from chassis.metrics import Metrics
from chassis.mongo import Document
from chassis.scope import Scope
from chassis.ticking import Due, Ticker, in_batches
from contracts import TOPICS, derived_id
from regulatory.handlers.clocks import due_clocks
from regulatory.store import CLOCKS
from studyline.testing.known import ACME, ZETA, Known
from studyline.testing.service import Face

LONG_AGO = {"occurred_at": "2023-01-15"}


def today() -> date:
    return wall.now().date()


def days_ago(days: int) -> dict[str, str]:
    return {"occurred_at": (today() - timedelta(days=days)).isoformat()}


def breach(of: Known = ACME, **more: Any) -> dict[str, Any]:
    about = {"study_id": of.study_id, "rule_id": "eu-serious-breach", "about_id": "breach-7", "country": of.country}
    return {**days_ago(1), **about, **more}


async def started(face: Face, **more: Any) -> dict[str, Any]:
    answer = await face.post("/v1/clocks", breach(**more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_clock_runs_stands_still_goes_on_and_is_kept(face: Face) -> None:
    clock = await started(face)
    assert (clock["status"], clock["zone"]) == ("running", "Europe/Berlin")
    assert clock["due_on"] == (today() + timedelta(days=6)).isoformat()
    for step, day in (("pause", 0), ("resume", 0)):
        answer = await face.post(f"/v1/clocks/{clock['clock_id']}/{step}", days_ago(day))
        assert answer.status_code == 200, answer.text
    answer = await face.post(f"/v1/clocks/{clock['clock_id']}/stop", days_ago(0))
    assert (answer.json()["status"], answer.json()["in_time"]) == ("stopped", True)
    types = await face.published(TOPICS["regulatory"], f"clock/{clock['clock_id']}", 4)
    assert types == [f"studyline.regulatory.clock.{name}.v1" for name in ("started", "paused", "resumed", "stopped")]


async def test_what_was_late_when_it_was_entered_is_missed_at_once(face: Face) -> None:
    clock = await started(face, **LONG_AGO, rule_id="eu-susar-fatal", country="DE")
    assert (clock["status"], clock["due_on"], clock["next_alert_at"]) == ("missed", "2023-01-22", None)
    answer = await face.post(f"/v1/clocks/{clock['clock_id']}/end", days_ago(0))
    assert answer.json()["status"] == "ended"


async def test_hours_are_reckoned_to_the_second(face: Face) -> None:
    clock = await started(face, occurred_at="2024-12-24T18:00:00+01:00", rule_id="eu-gdpr-breach")
    assert clock["due_at"] == "2024-12-27T17:00:00Z"


async def test_a_body_may_set_the_end_itself(face: Face) -> None:
    clock = await started(face, due_on=(today() + timedelta(days=2)).isoformat())
    assert (clock["due_by_body"], clock["due_on"]) == (True, (today() + timedelta(days=2)).isoformat())
    await face.post(f"/v1/clocks/{clock['clock_id']}/pause", days_ago(1))
    answer = await face.post(f"/v1/clocks/{clock['clock_id']}/resume", days_ago(0))
    assert answer.json()["due_on"] == (today() + timedelta(days=3)).isoformat()


def later(days: int, *, said: int = 0) -> dict[str, Any]:
    due_on = (today() + timedelta(days=days)).isoformat()
    return {**days_ago(said), "due_on": due_on, "reason": "The authority granted more time.", "reference": "BfArM/17"}


async def test_a_body_gives_more_time_and_all_that_depends_on_the_end_follows(face: Face) -> None:
    clock = await started(face, about_id="more-time")
    path = f"/v1/clocks/{clock['clock_id']}"
    answer = await face.post(f"{path}/extend", later(20))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["due_by_body"], told["due_on"], told["status"]) == (True, later(20)["due_on"], "running")
    earlier = {"on": today().isoformat(), "due_before": clock["due_on"]}
    assert told["extensions"] == [{**earlier, "due_on": told["due_on"], "reference": "BfArM/17"}]
    assert (await face.post(f"{path}/extend", later(20))).json()["version"] == told["version"]
    listed = {"about_id": "more-time", "due_before": (today() + timedelta(days=10)).isoformat()}
    assert (await face.get("/v1/clocks", **listed)).json()["items"] == []
    types = await face.published(TOPICS["regulatory"], f"clock/{clock['clock_id']}", 2)
    assert types[1] == "studyline.regulatory.clock.extended-by-body.v1"


async def test_more_time_that_was_given_in_time_and_is_entered_late_takes_the_miss_back(face: Face) -> None:
    clock = await started(face, **days_ago(30), about_id="late-letter")
    assert clock["status"] == "missed"
    answer = await face.post(f"/v1/clocks/{clock['clock_id']}/extend", later(5, said=25))
    assert (answer.json()["status"], answer.json()["due_on"]) == ("running", later(5)["due_on"])


async def test_more_time_is_refused_with_everything_that_is_in_the_way(face: Face) -> None:
    clock = await started(face)
    path = f"/v1/clocks/{clock['clock_id']}"
    await face.post(f"{path}/stop", days_ago(0))
    answer = await face.post(f"{path}/extend", {**later(0), "due_on": "2020-01-01"})
    codes = [one["code"] for one in answer.json()["reasons"]]
    assert (answer.status_code, codes) == (409, ["wrong_status", "not_later", "due_before_extension"])
    for lacking in ("reason", "due_on", "occurred_at"):
        body = {name: value for name, value in later(9).items() if name != lacking}
        assert (await face.post(f"{path}/extend", body)).status_code == 422
    assert (await face.post(f"{path}/extend", {**later(9), "reference": "Letter of Dr. A. Person"})).status_code == 422


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"rule_id": "no-such-rule"}, "rule_unknown"),
        ({"occurred_at": "1999-01-01"}, "rule_not_in_force"),
        ({"occurred_at": "2024-05"}, "anchor_imprecise"),
        ({"occurred_at": "2500-01-01"}, "anchor_imprecise"),
        ({"country": "US"}, "rule_elsewhere"),
        ({"rule_id": "eu-ctr-validation"}, "rule_begins_by_itself"),
        ({"rule_id": "dsur", "country": None}, "country_missing"),
        ({"site_id": ACME.site_id, "country": "FR"}, "country_differs"),
        ({"due_on": "2020-01-01"}, "due_before_start"),
    ],
)
async def test_a_clock_that_cannot_run_is_refused_with_the_reason(face: Face, more: dict[str, Any], code: str) -> None:
    answer = await face.post("/v1/clocks", breach(**more))
    assert (answer.status_code, [one["code"] for one in answer.json()["reasons"]]) == (409, [code])


async def test_a_clock_takes_its_place_from_its_site_or_its_rule(face: Face) -> None:
    of_site = await started(face, site_id=ACME.site_id, country=None)
    of_rule = await started(face, rule_id="us-ind-safety-7-days", country=None)
    of_union = await started(face, country=None)
    assert [(one["country"], one["zone"]) for one in (of_site, of_rule, of_union)] == [
        ("DE", "Europe/Berlin"),
        ("US", "America/New_York"),
        (None, "Europe/Brussels"),
    ]


async def test_lists_are_filtered_and_paged(face: Face) -> None:
    wanted = {(await started(face, about_id="list-me"))["clock_id"] for _ in range(3)}
    filters = {"study_id": ACME.study_id, "country": "DE", "status": "running", "about_id": "list-me"}
    soon = {"due_before": (today() + timedelta(days=30)).isoformat()}
    first = (await face.get("/v1/clocks", **filters, **soon, limit=2)).json()
    rest = (await face.get("/v1/clocks", **filters, **soon, limit=2, cursor=first["next"])).json()
    assert {one["clock_id"] for one in first["items"] + rest["items"]} == wanted
    assert (await face.get("/v1/clocks", **filters, due_before="2020-01-01")).json()["items"] == []


async def test_the_rules_are_shown_with_their_source_page_by_page(face: Face) -> None:
    rules: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": None}
    while not rules or page["next"]:
        asked = {"cursor": page["next"]} if page["next"] else {}
        page = (await face.get("/v1/clock-rules", jurisdiction="GB", applies_to="obligation", limit=2, **asked)).json()
        rules += page["items"]
    versions = [(one["version"], one["amount"]) for one in rules if one["id"] == "gb-urgent-safety-measure"]
    assert (len(rules), versions) == (5, [(1, 3), (2, 7)])


async def test_a_sponsor_sees_and_touches_nothing_of_another(face: Face) -> None:
    clock_id = (await started(face))["clock_id"]
    zeta = face.acting("regulatory", "Zeta")
    assert (await zeta.get(f"/v1/clocks/{clock_id}")).status_code == 404
    assert (await zeta.get("/v1/clocks", study_id=ACME.study_id)).json()["items"] == []
    assert (await zeta.post("/v1/clocks", breach(ACME))).status_code == 404
    for step in ("stop", "end", "pause", "resume"):
        assert (await zeta.post(f"/v1/clocks/{clock_id}/{step}", days_ago(0))).status_code == 404
    strange = await zeta.post(f"/v1/clocks/{clock_id}/extend", later(20))
    assert (strange.status_code, ACME.study_id in strange.text) == (404, False)
    tried = await zeta.post("/v1/clocks/simulate", simulation(amount=30))
    assert ACME.study_id not in tried.text


async def test_what_may_be_seen_can_be_read_by_any_role_but_changed_by_few(face: Face) -> None:
    clock_id = (await started(face))["clock_id"]
    for role in ("monitor", "sponsor", "quality"):
        caller = face.acting(role, "Acme")
        assert (await caller.get(f"/v1/clocks/{clock_id}")).headers["etag"] == '"v1"'
        assert (await caller.post(f"/v1/clocks/{clock_id}/stop", days_ago(0))).status_code == 403
        assert (await caller.post(f"/v1/clocks/{clock_id}/extend", later(20))).status_code == 403


def simulation(**more: Any) -> dict[str, Any]:
    rule = {
        "id": "gb-urgent-safety-measure",
        "version": 3,
        "jurisdiction": "GB",
        "applies_to": "obligation",
        "anchor": "measure_taken",
        "amount": 7,
        "unit": "calendar_days",
        "calendar": "every_day",
        "obliges": "sponsor",
        "valid_from": "2004-05-01",
        "source": "what if the new rule had always been in force",
    }
    return {"rule": {**rule, **more}, "since": "2021-01-01", "until": "2021-12-31"}


async def test_a_changed_rule_is_tried_on_the_past(face: Face) -> None:
    measure = {"rule_id": "gb-urgent-safety-measure", "country": "GB", "about_id": "measure"}
    late = await started(face, **measure, occurred_at="2021-06-01")
    await face.post(f"/v1/clocks/{late['clock_id']}/stop", {"occurred_at": "2021-06-06"})
    missed = await started(face, **measure, occurred_at="2021-06-02")
    answer = await face.post("/v1/clocks/simulate", simulation())
    told = {one["clock_id"]: one for one in answer.json()["items"]}
    moves = ("due_before", "due_after", "verdict_before", "verdict_after")
    assert [told[late["clock_id"]][name] for name in moves] == ["2021-06-04", "2021-06-08", "missed", "met"]
    assert [told[missed["clock_id"]][name] for name in moves] == ["2021-06-05", "2021-06-09", "missed", "missed"]
    assert (await face.post("/v1/clocks/simulate", simulation(amount=3))).json()["items"] == []
    elsewhere = {**simulation(), "country": "DE"}
    assert (await face.post("/v1/clocks/simulate", elsewhere)).json()["items"] == []


async def test_an_added_rule_is_tried_beside_the_clocks_that_began_with_its_anchor(face: Face) -> None:
    clock = await started(face, occurred_at="2021-08-02", rule_id="gb-urgent-safety-measure", country="GB")
    await face.post(f"/v1/clocks/{clock['clock_id']}/end", {"occurred_at": "2021-08-03"})
    asked = {**simulation(id="gb-tell-the-committee-too", amount=1), "since": "2021-08-01", "study_id": ACME.study_id}
    first = (await face.post("/v1/clocks/simulate?limit=1", asked)).json()
    assert [(one["due_before"], one["due_after"], one["verdict_after"]) for one in first["items"]] == [
        (None, "2021-08-03", "ended")
    ]
    assert first["next"] is None


def ticker(face: Face, instance: str, **more: Any) -> Ticker:
    commands = Commands("regulatory", face.database, Metrics())

    async def due(now: datetime, size: int) -> AsyncGenerator[Sequence[Due]]:
        later = due_clocks(face.database, now + timedelta(days=60))
        async for some in in_batches((one async for one in later if one.aggregate_id in more["of"]), size):
            yield some

    return Ticker("regulatory", face.database, commands, due, instance, batch_commands=more.get("batch_commands", 200))


async def entries_of(face: Face, ids: list[str]) -> list[Document]:
    condition = {"aggregate.id": {"$in": ids}, "actor.id": "service:regulatory"}
    return await journal_of(face.database).find(Scope.everything(), condition)


async def test_two_tickers_tell_each_deadline_once_also_when_one_dies_between(face: Face) -> None:
    ids = [(await started(face, about_id=f"tick-{number}"))["clock_id"] for number in range(6)]
    one, other = (ticker(face, name, of=ids, batch_commands=2) for name in ("one", "other"))
    lease = Lease(face.database, "ticker-test", "one")
    assert await lease.hold()
    batch = await anext(one.due(wall.now(), 2))
    await one._carry_out(batch)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - it dies after its first batch
    await lease.release()
    other_lease = Lease(face.database, "ticker-test", "other")
    assert await other.tick(other_lease) == 4
    assert await one.tick(Lease(face.database, "ticker-test", "one")) == 0, "another holds the lease"
    # Even without a lease the same due command is one command.
    await asyncio.gather(one._carry_out(batch), other._carry_out(batch))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    entries = await entries_of(face, ids)
    assert sorted(entry["aggregate"]["id"] for entry in entries) == sorted(ids)
    told = [[event["type"] for event in entry["events"]] for entry in entries]
    assert told == [["DeadlineApproaching"] * 3 + ["DeadlineMissed"]] * 6


async def test_what_cannot_be_carried_out_keeps_nothing_else_waiting(face: Face) -> None:
    sound = (await started(face, about_id="sound"))["clock_id"]
    broken = (await started(face, about_id="broken"))["clock_id"]
    clocks = face.database.collection(CLOCKS.collection)
    before = await clocks.find_one(Scope.everything(), {"_id": broken})
    assert before is not None
    await clocks.update({"_id": broken}, {"$set": {"state.status": "no such status"}})
    try:
        one = ticker(face, "poison", of=[broken, sound])
        assert await one.tick(Lease(face.database, "ticker-poison", "poison")) == 1
        assert [entry["aggregate"]["id"] for entry in await entries_of(face, [sound, broken])] == [sound]
    finally:
        await clocks.update({"_id": broken}, {"$set": {"state": before["state"]}})


async def test_more_than_a_batch_of_what_fails_is_passed_told_and_tried_again(face: Face) -> None:
    broken = [(await started(face, about_id=f"broken-{number}"))["clock_id"] for number in range(3)]
    sound = (await started(face, about_id="behind", occurred_at=wall.now().date().isoformat()))["clock_id"]
    clocks = face.database.collection(CLOCKS.collection)
    before = {one: await clocks.find_one(Scope.everything(), {"_id": one}) for one in broken}
    for one in broken:
        await clocks.update({"_id": one}, {"$set": {"state.status": "no such status"}})
    one = ticker(face, "many", of=[*broken, sound], batch_commands=2)
    lease = Lease(face.database, "ticker-many", "many")
    try:
        assert await one.tick(lease) == 1
        assert (one.failing, await one.check()) == (3, "ticking; 3 that are due fail, see the log")
        assert [entry["aggregate"]["id"] for entry in await entries_of(face, [sound, *broken])] == [sound]
    finally:
        for key, stored in before.items():
            assert stored is not None
            await clocks.update({"_id": key}, {"$set": {"state": stored["state"]}})
    assert (await one.tick(lease), one.failing) == (3, 0)


async def test_the_services_own_ticker_tells_what_falls_due(face: Face) -> None:
    clock = await started(face, rule_id="eu-gdpr-breach", occurred_at=wall.now().isoformat())
    past = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: TID251 - the alert's time
    changed = {"state.alerts.0.at": past, "state.next_alert_at": past}
    await face.database.collection(CLOCKS.collection).update({"_id": clock["clock_id"]}, {"$set": changed})
    types = await face.published(TOPICS["regulatory"], f"clock/{clock['clock_id']}", 2)
    assert types[1] == "studyline.regulatory.clock.approaching.v1"


async def test_the_ticker_is_part_of_the_services_health(face: Face) -> None:
    assert (await face.get("/health/ready")).json()["checks"]["ticker"] == {"ok": True, "detail": "ticking"}


async def test_no_clock_of_an_unknown_study(face: Face) -> None:
    nowhere = derived_id("study", "nowhere")
    assert (await face.post("/v1/clocks", {**breach(), "study_id": nowhere})).status_code == 404
    assert (await face.post("/v1/clocks", breach(site_id=ZETA.site_id))).status_code == 404
