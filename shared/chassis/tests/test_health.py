"""Readiness tells of every check, liveness only of stalled progress, and neither waits for ever."""

import asyncio

import httpx
import pytest
from chassis import health as health_module
from chassis.health import Health, Unhealthy
from fastapi import FastAPI


async def fine() -> str:
    return "primary reachable"


async def sick() -> str:
    raise Unhealthy("no partition is assigned")


async def broken() -> str:
    raise OSError("mongodb://sites:hush@10.0.0.7 refused")


async def hanging() -> str:
    await asyncio.Event().wait()
    return "never"


async def get(health: Health, path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(health.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        return await client.get(path)


async def test_a_service_whose_checks_pass_is_ready() -> None:
    health = Health()
    health.register("mongodb", fine)
    answer = await get(health, "/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"mongodb": {"ok": True, "detail": "primary reachable"}},
    }


async def test_one_failing_check_makes_it_not_ready_and_says_why() -> None:
    health = Health()
    health.register("mongodb", fine)
    health.register("consumer", sick)
    answer = await get(health, "/health/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not_ready"
    assert answer.json()["checks"]["consumer"] == {"ok": False, "detail": "no partition is assigned"}


async def test_what_the_service_can_go_on_without_is_told_and_leaves_it_ready() -> None:
    health = Health()
    health.register("mongodb", fine)
    health.register("files", sick, spared=True)
    answer = await get(health, "/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["files"] == {"ok": False, "detail": "no partition is assigned"}
    health.register("mongodb", sick)
    assert (await get(health, "/health/ready")).status_code == 503


async def test_a_check_that_breaks_shows_nothing_of_the_inside() -> None:
    health = Health()
    health.register("mongodb", broken)
    answer = await get(health, "/health/ready")
    assert answer.status_code == 503
    assert "hush" not in answer.text
    assert "OSError" in answer.text


async def test_a_check_that_hangs_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "CHECK_LIMIT_SECONDS", 0.01)
    health = Health()
    health.register("kafka", hanging)
    answer = await get(health, "/health/ready")
    assert answer.json()["checks"]["kafka"] == {"ok": False, "detail": "no answer within 0.01 s"}


async def test_an_outage_around_the_service_does_not_ask_for_a_restart() -> None:
    health = Health()
    health.register("mongodb", sick)
    answer = await get(health, "/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive", "checks": {}})


async def test_stalled_progress_asks_for_a_restart() -> None:
    health = Health()
    health.register("progress", sick, vital=True)
    answer = await get(health, "/health/live")
    assert (answer.status_code, answer.json()["status"]) == (503, "stalled")
