"""A credential's lapse is told to every team its holder is in, once, also after downtime and with two tickers."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import Any

from chassis import clock
from chassis.commands import Commands
from chassis.lease import Lease
from chassis.metrics import Metrics
from chassis.ticking import Due, Ticker
from contracts import TOPICS
from sites.queries.lapses import due_lapses
from studyline.testing.service import Face
from test_master_records import led_by, made, person

DAY = {"occurred_at": "2026-03-01"}


def certificate(until: str) -> dict[str, Any]:
    return {"kind": "gcp_certificate", "issued_on": "2020-01-01", "expires_on": until}


async def certified(face: Face, until: str) -> str:
    key = await person(face)
    await made(face, f"/v1/people/{key}/credentials", certificate(until))
    return key


async def told(face: Face, site: dict[str, str]) -> list[str]:
    """What the site's team was told of, by the kinds of its events."""
    entries = (await face.get("/v1/journal", aggregate=f"site-team/{site['site_id']}", limit=1000)).json()["items"]
    return [event["type"] for entry in entries for event in entry["events"]]


async def test_a_lapse_of_the_past_is_told_at_the_next_tick_to_every_team_of_today(face: Face) -> None:
    key = await person(face)
    sites = [await led_by(face, key, sponsor) for sponsor in ("Acme", "Zeta")]
    await made(face, f"/v1/people/{key}/credentials", certificate("2025-06"))
    for site in sites:
        types = await face.published(TOPICS["sites"], f"site-team/{site['site_id']}", 2)
        assert types[-1] == "studyline.sites.site-team.credential-expired.v1"
    await ticked(face, clock.now())
    for site in sites:
        assert await told(face, site) == ["StaffAssigned", "CredentialExpired"]


def ticker_of(face: Face, at: datetime) -> Ticker:
    """A ticker that lives at another time than the service's own."""
    commands = Commands("sites", face.database, Metrics())

    def due(_: datetime, size: int) -> AsyncGenerator[Sequence[Due]]:
        return due_lapses(face.database, at, size)

    return Ticker("sites", face.database, commands, due)


async def ticked(face: Face, at: datetime, *, tickers: int = 1) -> None:
    """Tick as they would who each believed to hold the lease."""
    leases = [Lease(face.database, clock.new_id(), clock.new_id()) for _ in range(tickers)]
    await asyncio.gather(*(ticker_of(face, at).tick(lease) for lease in leases))


async def test_two_tickers_after_a_long_downtime_tell_a_lapse_once(face: Face) -> None:
    key = await certified(face, "2150-01")
    site = await led_by(face, key)
    later = clock.now() + timedelta(days=365 * 150)
    await ticked(face, later, tickers=2)
    await ticked(face, later)
    assert await told(face, site) == ["StaffAssigned", "CredentialExpired"]
    lapses = (await face.get("/v1/journal", aggregate=f"person/{key}")).json()["items"][-1]["events"]
    assert [one["type"] for one in lapses] == ["CredentialLapsed"]


async def test_a_proof_on_a_merged_record_holds_for_the_person(face: Face) -> None:
    old, new = await certified(face, "2151-01"), await certified(face, "2152-01")
    site = await led_by(face, old)
    await made(face, f"/v1/people/{old}/merge", {"into": new})
    await ticked(face, clock.now().replace(year=2151, month=6, day=1))
    assert await told(face, site) == ["StaffAssigned"]
    await ticked(face, clock.now().replace(year=2152, month=6, day=1))
    assert await told(face, site) == ["StaffAssigned", "CredentialExpired"]


async def test_who_has_left_is_not_told_of(face: Face) -> None:
    key = await certified(face, "2153-01")
    site = await led_by(face, key)
    team = (await face.get(f"/v1/sites/{site['site_id']}/team")).json()
    await made(face, f"/v1/sites/{site['site_id']}/staff/{team['members'][0]['assignment_id']}/end", {})
    await ticked(face, clock.now().replace(year=2153, month=6, day=1))
    assert await told(face, site) == ["StaffAssigned", "StaffEnded"]
