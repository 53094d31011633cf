"""Rows of figures, each measured beside its alternative in the same run: rounds interleaved, median and spread.

Writes `results.json` and `results.md` beside this file. Ratios are what counts; absolute figures are this machine's.
"""

import json
import os
import platform
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = ("aiokafka", "faststream", "fastapi", "motor", "pymongo", "pydantic", "uvicorn")

Measure = Callable[[], Awaitable[float]]


@dataclass
class Contender:
    """One way of doing the work; `measure` gives one round's figure."""

    name: str
    measure: Measure
    figures: list[float] = field(default_factory=list[float])

    @property
    def median(self) -> float:
        """The middle figure of the rounds."""
        return statistics.median(self.figures)

    @property
    def spread(self) -> float:
        """Largest less smallest figure, in parts of the median."""
        return (max(self.figures) - min(self.figures)) / self.median


@dataclass
class Row:
    """One comparison: ours first, then the alternatives. `aim` says what we want of it."""

    what: str
    unit: str
    aim: str
    contenders: Sequence[Contender]

    async def run(self, rounds: int) -> None:
        """Measure every contender once a round, so that the machine's moods fall on all alike."""
        for number in range(rounds):
            for contender in self.contenders:
                contender.figures.append(await contender.measure())
                print(f"{self.what}: round {number + 1}, {contender.name}: {contender.figures[-1]:,.1f} {self.unit}")

    def line(self) -> str:
        """The row as Markdown."""
        ours = self.contenders[0]
        told = [f"{one.name}: {one.median:,.0f} (± {one.spread / 2:.0%})" for one in self.contenders]
        ratios = [f"{ours.median / one.median:.2f} of {one.name}" for one in self.contenders[1:]]
        return f"| {self.what} | {self.unit} | {'<br>'.join(told)} | {'<br>'.join(ratios) or ''} | {self.aim} |"


def write(rows: Sequence[Row], memory: dict[str, float]) -> None:
    """Write the figures down, with the machine and the versions they are of."""
    machine = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
    measured = [
        {"what": row.what, "unit": row.unit, "aim": row.aim, "contenders": [figures_of(one) for one in row.contenders]}
        for row in rows
    ]
    document = {"machine": machine, "rows": measured, "memory_mib": memory}
    (HERE / "results.json").write_text(json.dumps(document, indent=2) + "\n")
    (HERE / "results.md").write_text(table(rows, memory, machine))


def figures_of(contender: Contender) -> dict[str, object]:
    """A contender without its function."""
    figures = [round(figure, 1) for figure in contender.figures]
    return {"name": contender.name, "figures": figures, "median": contender.median, "spread": contender.spread}


def table(rows: Sequence[Row], memory: dict[str, float], machine: Mapping[str, object]) -> str:
    """The results for people."""
    lines = [row.line() for row in rows]
    sizes = [f"| {name} | {size:.0f} |" for name, size in memory.items()]
    return "\n".join(
        [
            "# Figures",
            "",
            f"{machine['processor']}, {machine['cores']} cores; {machine['system']}; Python {machine['python']}; "
            + ", ".join(f"{name} {version(name)}" for name in PACKAGES)
            + ".",
            "",
            "| what | unit | median (± half the spread) | ratio | aim |",
            "|---|---|---|---|---|",
            *lines,
            "",
            "| process | memory under load, MiB |",
            "|---|---|",
            *sizes,
            "",
        ]
    )


def processor() -> str:
    """The processor's name, where the system tells it."""
    with Path("/proc/cpuinfo").open() as lines:
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(named, platform.processor())
