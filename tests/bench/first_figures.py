"""First figures of a running platform: command to timeline, and the memory of each process.

    python tests/bench/first_figures.py --data .studyline --commands 300

Against the stack that runs on the data directory. Prints a Markdown table; times in milliseconds, memory in MiB.
"""

import argparse
import asyncio
import json
import statistics
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
from chassis import clock
from studyline.paths import Layout
from studyline.state import StackState, load_state
from studyline.tokens import token

IN_FLIGHT = 16


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".studyline"))
    parser.add_argument("--commands", type=int, default=300)
    parser.add_argument("--per-second", type=float, default=20.0)
    return parser.parse_args()


class Watch:
    """When each study's entry came by the event stream."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.listening = asyncio.Event()

    async def follow(self, http: httpx.AsyncClient, address: str) -> None:
        async with http.stream("GET", f"{address}/v1/timeline/stream", timeout=None) as stream:
            self.listening.set()
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    self.seen[json.loads(line[5:])["study_id"]] = time.perf_counter()


def study(number: int) -> dict[str, Any]:
    return {
        "sponsor": {"name": "Bench"},
        "protocol_number": f"BENCH-{number}",
        "title": "A study of latency",
        "occurred_at": "2026-01-01",
    }


async def register(http: httpx.AsyncClient, address: str, number: int) -> tuple[str, float, float]:
    """Register a study: its id, when it was asked, when it was answered."""
    asked = time.perf_counter()
    answer = await http.post(f"{address}/v1/studies", json=study(number), headers={"Idempotency-Key": clock.new_id()})
    answer.raise_for_status()
    return answer.json()["study_id"], asked, time.perf_counter()


async def latencies(http: httpx.AsyncClient, state: StackState, commands: int, per_second: float) -> list[list[float]]:
    """Milliseconds from asking to the answer, and from the answer to the timeline."""
    watch = Watch()
    following = asyncio.create_task(watch.follow(http, state.reporting))
    await watch.listening.wait()
    await asyncio.sleep(1)
    asked: list[asyncio.Task[tuple[str, float, float]]] = []
    for number in range(commands):
        asked.append(asyncio.create_task(register(http, state.sites, number)))
        await asyncio.sleep(1 / per_second)
    told = await asyncio.gather(*asked)
    async with asyncio.timeout(60):
        while not all(study_id in watch.seen for study_id, _, _ in told):  # noqa: ASYNC110 - the stream is the event
            await asyncio.sleep(0.05)
    following.cancel()
    answered = [(end - start) * 1_000 for _, start, end in told]
    visible = [(watch.seen[study_id] - end) * 1_000 for study_id, _, end in told]
    return [answered, visible]


async def throughput(http: httpx.AsyncClient, address: str, commands: int) -> float:
    """Commands a second with sixteen in flight."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> None:
        async with gate:
            await register(http, address, number)

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(commands)))
    return commands / (time.perf_counter() - began)


def row(name: str, values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=100)
    return f"| {name} | {statistics.median(values):.1f} | {cuts[98]:.1f} | {max(values):.1f} |"


async def main() -> None:
    options = arguments()
    state = load_state(Layout(options.data))
    headers = {"Authorization": f"Bearer {token(options.data, 'operations')}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
        answered, visible = await latencies(http, state, options.commands, options.per_second)
        rate = await throughput(http, state.sites, options.commands)
    print("| | p50 ms | p99 ms | max ms |\n|---|---|---|---|")
    print(row("command asked → answered", answered))
    print(row("command answered → in the event stream of the timeline", visible))
    print(f"\n{rate:.0f} commands/s at {IN_FLIGHT} in flight, one process\n")
    print("| process | memory MiB |\n|---|---|")
    for name, pid in state.pids.items():
        print(f"| {name} | {psutil.Process(pid).memory_info().rss / 2**20:.0f} |")


if __name__ == "__main__":
    asyncio.run(main())
