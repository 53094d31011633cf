"""The report of a run, in Markdown: what was asked, what was done to the platform, what it lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from checkers import CHECKERS, Finding

SHOWN_MAX: Final = 20
WORDS: Final = {
    "lost": "acknowledged and gone",
    "ghost": "told without state",
    "zombie": "state without telling",
    "duplicate": "effect more than once",
    "inversion": "out of order",
    "gap": "before an earlier one",
    "stuck": "did not go on after the last fault",
    "crash": "answered as nobody foresaw",
}


@dataclass(frozen=True)
class Verdict:
    """What came out of a run. Times are in seconds."""

    seed: int
    replicas: int
    without: str
    seconds: float
    operations: Counter[str]
    unknown_tries: int
    unknown_resolved: int
    faults: Counter[tuple[str, str]]
    findings: Sequence[Finding]
    events: int
    repeats: int
    longest_stall: float
    slowest_answer: float
    longest_healing: tuple[float, str]
    missed: Sequence[str]


def written(verdict: Verdict) -> str:
    """The report as Markdown."""
    return "\n\n".join(
        [*_head(verdict), _table(_figures(verdict)), "## Faults", _table(_faults(verdict)), *_end(verdict)]
    )


def _head(verdict: Verdict) -> list[str]:
    kept = "Every promise was kept." if not verdict.findings else f"**{len(verdict.findings)} promises were broken.**"
    members = "one member each" if verdict.replicas == 1 else f"{verdict.replicas} members each"
    about = f"MongoDB and Kafka with {members}. {verdict.without}".rstrip()
    return [f"# Ledger report, seed {verdict.seed}", kept, about]


def _figures(verdict: Verdict) -> list[tuple[str, str]]:
    broken = Counter(finding.kind for finding in verdict.findings)
    return [
        ("what", "figure"),
        ("seconds, start and end of the stack included", f"{verdict.seconds:.0f}"),
        ("operations invoked", str(sum(verdict.operations.values()))),
        ("of which ok", str(verdict.operations["ok"])),
        ("of which refused, as they had to be", str(verdict.operations["failed"])),
        ("tries without a definite answer", str(verdict.unknown_tries)),
        ("operations that were unknown and then resolved", str(verdict.unknown_resolved)),
        ("events in Kafka", str(verdict.events)),
        ("events published again, as may be", f"{verdict.repeats} ({_share(verdict.repeats, verdict.events)})"),
        *((f"{kind}: {WORDS[kind]}", str(broken[kind])) for kind in CHECKERS),
        ("faults inflicted", str(verdict.faults.total())),
        ("of which fail points that nobody reached in time, or that had no effect", str(len(verdict.missed))),
        (
            "longest time until everything served again after a fault had ended, s",
            "{:.1f} ({})".format(*verdict.longest_healing),
        ),
        ("longest time without any command succeeding, s", f"{verdict.longest_stall:.1f}"),
        ("slowest answer, that of a service which was paused itself included, s", f"{verdict.slowest_answer:.1f}"),
    ]


def _faults(verdict: Verdict) -> list[tuple[str, str]]:
    rows = sorted(verdict.faults.items())
    return [("kind: fault", "times"), *((f"{kind}: {name}", str(times)) for (kind, name), times in rows)]


def _end(verdict: Verdict) -> list[str]:
    shown = [f"- {finding.kind}: {finding.detail}" for finding in verdict.findings[:SHOWN_MAX]]
    missed = [f"- {one}" for one in verdict.missed]
    parts = {"## Findings": shown, "## Without effect": missed}
    return [text for title, lines in parts.items() if lines for text in (title, "\n".join(lines))]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    head, *body = [f"| {left} | {right} |" for left, right in rows]
    return "\n".join([head, "|---|---|", *body]) + "\n"
