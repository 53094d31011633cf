"""Rows of figures, each measured beside its alternative in the same run: rounds interleaved, median and spread.

Writes `results.json` and `results.md` beside this file. Ratios are what counts; absolute figures are this machine's.
"""

import json
import os
import platform
import statistics
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from debezium_jars import DEBEZIUM_VERSION
from studyline.jars import KAFKA_VERSION

HERE: Final = Path(__file__).parent
MIB: Final = 2**20
FAILURE_LENGTH: Final = 300
MEANING: Final = (
    "Median of the rounds, ± half the spread; where times are measured p50 / p99, each the median of the rounds."
)
PACKAGES: Final = ("aiokafka", "faststream", "fastapi", "pymongo", "pydantic", "uvicorn", "httpx")


class Times(NamedTuple):
    """How long something takes, in milliseconds: half of the times are below the first, 99 of 100 below the second."""

    p50: float
    p99: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Times":
        """Of many single times."""
        cuts = statistics.quantiles(milliseconds, n=100)
        return cls(cuts[49], cuts[98])


Measure = Callable[[], Awaitable[float | Times]]


@dataclass
class Contender:
    """One way of doing the work; `measure` gives one round's figure, or its times."""

    name: str
    measure: Measure
    figures: list[float] = field(default_factory=list[float])
    tails: list[float] = field(default_factory=list[float])
    """The 99th percentiles, where times are measured; `figures` are the medians then."""

    def note(self, measured: float | Times) -> None:
        """Keep one round's figure."""
        if isinstance(measured, Times):
            self.tails.append(measured.p99)
            self.figures.append(measured.p50)
        else:
            self.figures.append(measured)

    @property
    def median(self) -> float:
        """The middle figure of the rounds."""
        return statistics.median(self.figures)

    @property
    def p99(self) -> float:
        """The middle 99th percentile of the rounds, milliseconds."""
        return statistics.median(self.tails)

    @property
    def spread(self) -> float:
        """Largest less smallest figure, in parts of the median."""
        return (max(self.figures) - min(self.figures)) / self.median if self.median else 0.0

    def told(self) -> str:
        """The contender's figures for people."""
        if self.tails:
            return f"{self.name}: {decimals(self.median)} / {decimals(self.p99)}"
        return f"{self.name}: {decimals(self.median)} (± {self.spread / 2:.0%})"


@dataclass(frozen=True)
class Limit:
    """One aim as a number: what of a row must be at least or at most so much."""

    what: str
    value: Callable[["Row"], float]
    least: float | None = None
    most: float | None = None

    def verdict(self, row: "Row") -> str:
        """Whether the row keeps it, and by how much it does not."""
        value, limit = self.value(row), self.least if self.least is not None else self.most
        assert limit is not None, "a limit has one side"
        if (self.least is None or value >= self.least) and (self.most is None or value <= self.most):
            return f"met: {self.what} {decimals(value)}"
        sign = "≥" if self.least is not None else "≤"
        return f"**missed by {abs(value - limit) / limit:.0%}**: {self.what} {decimals(value)}, wanted {sign} {limit:g}"


def ours(row: "Row") -> float:
    """Our own figure."""
    return row.contenders[0].median


def our_p99(row: "Row") -> float:
    """Our own 99th percentile."""
    return row.contenders[0].p99


def largest(row: "Row") -> float:
    """The largest figure of all."""
    return max(figure for one in row.contenders for figure in one.figures)


def ratio_to(other: int) -> Callable[["Row"], float]:
    """Our figure in parts of that of the row's contender of this number."""
    return lambda row: row.contenders[0].median / row.contenders[other].median


def p99_ratio_to(other: int) -> Callable[["Row"], float]:
    """Our 99th percentile in parts of that of the row's contender of this number."""
    return lambda row: row.contenders[0].p99 / row.contenders[other].p99


@dataclass
class Row:
    """One comparison: ours first, then the alternatives. `aim` says what we want of it, `limits` judges it."""

    what: str
    unit: str
    aim: str
    contenders: Sequence[Contender]
    limits: Sequence[Limit] = ()
    failure: str = ""
    note: str = ""
    are_rivals: bool = True
    """Whether the contenders do the same work, so that a ratio says something."""

    async def run(self, rounds: int) -> None:
        """Measure every contender once a round, so that the machine's moods fall on all alike."""
        for number in range(rounds):
            for contender in self.contenders:
                contender.note(await contender.measure())
                figure = decimals(contender.figures[-1])
                tail = f" / {decimals(contender.tails[-1])}" if contender.tails else ""
                print(f"{self.what}: round {number + 1}, {contender.name}: {figure}{tail} {self.unit}", flush=True)

    async def run_or_note(self, rounds: int) -> None:
        """Measure; what goes wrong is noted in the row, so that the other rows are not lost with it."""
        try:
            await self.run(rounds)
        except Exception as error:  # noqa: BLE001 - whatever it is: it is told, and stands in the results
            self.failure = noted_failure(error)

    def verdicts(self) -> list[str]:
        """What became of each aim."""
        if self.failure:
            return [f"**failed**: {self.failure}"]
        return [limit.verdict(self) for limit in self.limits]

    def line(self) -> str:
        """The row as Markdown."""
        measured = [one for one in self.contenders if one.figures]
        told = "<br>".join(one.told() for one in measured)
        ratios = "<br>".join(_ratio(measured[0], other) for other in measured[1:] if self.are_rivals)
        what = f"{self.what} ({self.note})" if self.note else self.what
        return f"| {what} | {self.unit} | {told} | {ratios} | {self.aim} | {'<br>'.join(self.verdicts())} |"

    def figures(self) -> dict[str, object]:
        """The row as JSON has it."""
        return {
            "what": self.what,
            "unit": self.unit,
            "aim": self.aim,
            "note": self.note,
            "verdicts": self.verdicts(),
            "contenders": [_figures_of(one) for one in self.contenders if one.figures],
        }


@dataclass(frozen=True)
class Machine:
    """What the figures are of."""

    processor: str
    cores: int | None
    system: str
    python: str
    versions: Mapping[str, str]

    @classmethod
    def here(cls) -> "Machine":
        """This one, with what is installed."""
        versions = {name: version(name) for name in PACKAGES}
        versions |= {"kafka": KAFKA_VERSION, "debezium": DEBEZIUM_VERSION}
        return cls(processor(), os.cpu_count(), platform.platform(), platform.python_version(), versions)

    def line(self) -> str:
        """For people."""
        named = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return f"{self.processor}, {self.cores} cores; {self.system}; Python {self.python}; {named}."


def write(rows: Sequence[Row], notes: Sequence[str], folder: Path = HERE) -> None:
    """Write the figures down, with the machine and the versions they are of."""
    machine = Machine.here()
    document = {"machine": asdict(machine), "notes": list(notes), "rows": [row.figures() for row in rows]}
    (folder / "results.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    told = ["# Figures", "", machine.line(), "", *(f"{note}\n" for note in (MEANING, *notes)), table(rows)]
    (folder / "results.md").write_text("\n".join(told))


def noted_failure(error: Exception) -> str:
    """Tell what went wrong whole on the terminal; in a line for the results."""
    traceback.print_exception(error)
    return " ".join(f"{type(error).__name__}: {error}".split())[:FAILURE_LENGTH]


def table(rows: Sequence[Row]) -> str:
    """The rows for people."""
    head = "| what | unit | figures | ratio | aim | verdict |\n|---|---|---|---|---|---|\n"
    return head + "".join(f"{row.line()}\n" for row in rows)


def decimals(figure: float) -> str:
    """A figure with as many digits as tell something."""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def processor() -> str:
    """The processor's name, where the system tells it."""
    with Path("/proc/cpuinfo").open() as lines:
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(named, platform.processor())


def _ratio(first: Contender, other: Contender) -> str:
    if first.tails and other.tails:
        return f"{first.median / other.median:.2f} / {first.p99 / other.p99:.2f} of {other.name}"
    return f"{first.median / other.median:.2f} of {other.name}"


def _figures_of(one: Contender) -> dict[str, object]:
    rounded = {"figures": [round(figure, 2) for figure in one.figures], "median": one.median, "spread": one.spread}
    tails = {"p99_figures": [round(tail, 2) for tail in one.tails], "p99": one.p99} if one.tails else {}
    return {"name": one.name, **rounded, **tails}
