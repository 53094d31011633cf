"""`studyline import ctgov` and `studyline import ctms`."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated

import typer
from client import Addresses, ClientError
from rich.console import Console
from rich.table import Table

from studyline.importing.ctms import DEFAULT_SPONSOR
from studyline.importing.progress import Progress, ProgressBar
from studyline.importing.running import run_ctgov, run_ctms
from studyline.importing.summary import Problem, Summary
from studyline.importing.tables import ExtractError
from studyline.paths import Layout, find_layout
from studyline.state import load_ready_state
from studyline.tokens import token

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
PROBLEMS_SHOWN = 50
ROLE = "operations"

Import = Callable[[Addresses, str, Progress], Coroutine[None, None, Summary]]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="STUDYLINE_DATA", metavar="DIR", help="The running stack's data directory."),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="The summary as one line of JSON on standard output, with every problem."),
]
Files = Annotated[
    list[Path],
    typer.Argument(
        exists=True,
        dir_okay=False,
        readable=True,
        metavar="FILE",
        help="Records of API v2: one a line, a JSON array or pages, gzipped or not.",
    ),
]
Directory = Annotated[
    Path,
    typer.Argument(exists=True, file_okay=False, metavar="DIR", help="The extract's tables, CSV, gzipped or not."),
]
Sponsor = Annotated[str, typer.Option("--sponsor", metavar="NAME", help="Whose study it is; the extract does not say.")]

app = typer.Typer(
    help="Import history: real dates, no gates, marked as migrated. Importing again changes nothing.",
    no_args_is_help=True,
)


@app.command()
def ctgov(files: Files, data: Data = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Import studies and sites from ClinicalTrials.gov.

    A record is taken whole or not at all: one with a bad location is reported, and nothing of it is sent.
    Exit code 3 when records were left out.
    """

    async def run(addresses: Addresses, bearer: str, progress: Progress) -> Summary:
        return await run_ctgov(files, addresses, bearer, progress)

    _import("ClinicalTrials.gov", run, find_layout(data), as_json=as_json)


@app.command()
def ctms(
    directory: Directory,
    sponsor: Sponsor = DEFAULT_SPONSOR,
    data: Data = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Import one study with its sites, subjects, visits, deviations and adverse events from a CTMS extract.

    Each row stands for itself. Exit code 3 when rows were left out.
    """

    async def run(addresses: Addresses, bearer: str, progress: Progress) -> Summary:
        return await run_ctms(directory, addresses, bearer, sponsor, progress)

    _import("CTMS", run, find_layout(data), as_json=as_json)


def _import(title: str, run: Import, layout: Layout, *, as_json: bool) -> None:
    console = Console(stderr=True, highlight=False)
    addresses = Addresses.model_validate(load_ready_state(layout))
    bearer = token(layout.root, ROLE)
    try:
        with ProgressBar(title, console) as progress:
            summary = asyncio.run(run(addresses, bearer, progress))
    except ExtractError as error:
        raise _ended(console, str(error), EXIT_USAGE) from error
    except (ClientError, OSError) as error:
        raise _ended(console, f"{error} Run the same import again: it goes on from here.", EXIT_FAILED) from error
    except KeyboardInterrupt as error:
        text = "Interrupted. Run the same import again: it goes on from here."
        raise _ended(console, text, EXIT_INTERRUPTED) from error
    if as_json:
        typer.echo(summary.model_dump_json())
    show(summary, console)
    raise typer.Exit(summary.exit_code)


def _ended(console: Console, text: str, code: int) -> typer.Exit:
    console.print(f"studyline: {text}", markup=False, soft_wrap=True)
    return typer.Exit(code)


def show(summary: Summary, console: Console) -> None:
    """Print a summary: a line for each kind of record, then the first problems."""
    counts = Table("", "adopted", "changed", "unchanged", "rejected", box=None)
    for kind, verdicts in summary.records.items():
        numbers = (verdicts["adopted"], verdicts["changed"], verdicts["unchanged"], verdicts["rejected"])
        counts.add_row(kind, *(f"{number:,}" for number in numbers))
    console.print(counts)
    console.print(f"{summary.total():,} records in {summary.seconds:.1f} s")
    for problem in summary.problems[:PROBLEMS_SHOWN]:
        console.print(_line_of(problem), markup=False, soft_wrap=True)
    if len(summary.problems) > PROBLEMS_SHOWN:
        console.print(f"… and {len(summary.problems) - PROBLEMS_SHOWN:,} more problems: --json lists all of them.")


def _line_of(problem: Problem) -> str:
    """Give file, line, record, field and reason as compilers do; what could steer a terminal is left out."""
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    line = ": ".join(part for part in (place, problem.record, problem.field, problem.reason) if part)
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
