"""The demonstration: the whole platform with the bundled portfolio of real studies."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from client import Addresses, ClientError, Studyline
from pydantic import BaseModel
from rich.console import Console

from studyline.display import Display
from studyline.errors import StackError
from studyline.importing import Summary, run_ctgov, run_ctms
from studyline.importing.commands import show
from studyline.importing.progress import ProgressBar
from studyline.importing.tables import ExtractError
from studyline.paths import Layout, write_private
from studyline.stack import Stack, running_stack
from studyline.tokens import token

PORTFOLIO = Path(__file__).resolve().parents[3] / "portfolio"
ROLE = "operations"
SHOWN_WITHIN_SECONDS = 300
LOOK_AGAIN_SECONDS = 0.5
SHOWN_FILE = "portfolio.json"
COUNTED = ("studies", "sites", "subjects")


class Shown(BaseModel):
    """What a data directory notes of the portfolio that it has shown whole."""

    digest: str
    taken: dict[str, int]


class SourceFreshness(BaseModel):
    """How far reporting is behind one service; None while it has not looked yet."""

    lag_records: int | None


class Freshness(BaseModel):
    """How far reporting is behind the others."""

    sources: list[SourceFreshness]


async def run_demo(layout: Layout, port_base: int | None, *, once: bool) -> None:
    """Start everything, import the portfolio, wait until reporting shows it, and run on unless `once`.

    Raises StackError when the stack does not start, the portfolio is missing or the import fails.
    """
    display, console = Display(), Console(stderr=True, highlight=False)
    _require_portfolio()
    async with running_stack(layout, display, port_base) as stack:
        try:
            totals = await _show_portfolio(stack, display, console)
        except (ClientError, ExtractError, OSError) as error:
            message = f"The portfolio could not be imported: {error} Run the same command again: it goes on from here."
            raise StackError(message) from error
        display.total(f"The portal shows {', '.join(f'{totals[kind]:,} {kind}' for kind in COUNTED)}")
        print(f"Portal: {stack.addresses.portal}", flush=True)
        if not once:
            display.tell("It runs until Ctrl-C. Sign in with one click as operations.")
            await asyncio.Event().wait()


def _require_portfolio() -> None:
    if not (PORTFOLIO / "ctgov.ndjson.gz").exists():
        message = f"The bundled portfolio is not in {PORTFOLIO}: run the demo from a checkout of the repository"
        raise StackError(message)


async def _show_portfolio(stack: Stack, display: Display, console: Console) -> Counter[str]:
    """Import the portfolio, unless this directory has shown this very one before, and wait until it is shown."""
    bearer = await asyncio.to_thread(token, stack.layout.root, ROLE)
    mark = stack.layout.root / SHOWN_FILE
    before = Shown.model_validate_json(mark.read_text()) if mark.exists() else None
    digest = await asyncio.to_thread(_portfolio_digest)
    if before is not None and before.digest == digest:
        display.tell("The portfolio was imported before")
        return await _until_shown(stack, display, bearer, before.taken)
    summaries = await _import(stack, bearer, console)
    taken = {kind: sum(_taken(summary, kind) for summary in summaries) for kind in COUNTED}
    totals = await _until_shown(stack, display, bearer, taken)
    for summary in summaries:
        show(summary, console)
    write_private(mark, Shown(digest=digest, taken=taken).model_dump_json())
    return totals


def _portfolio_digest() -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in PORTFOLIO.rglob("*") if path.is_file()):
        whole.update(path.read_bytes())
    return whole.hexdigest()


async def _import(stack: Stack, bearer: str, console: Console) -> tuple[Summary, Summary]:
    addresses = Addresses.model_validate(stack.addresses)
    with ProgressBar("ClinicalTrials.gov", console) as progress:
        registry = await run_ctgov([PORTFOLIO / "ctgov.ndjson.gz"], addresses, bearer, progress=progress)
    with ProgressBar("CTMS", console) as progress:
        extract = await run_ctms(PORTFOLIO / "ctms", addresses, bearer, progress=progress)
    return registry, extract


async def _until_shown(stack: Stack, display: Display, bearer: str, taken: Mapping[str, int]) -> Counter[str]:
    """Wait until reporting has as many studies, sites and subjects as were taken, and nothing more to fold."""
    try:
        async with (
            asyncio.timeout(SHOWN_WITHIN_SECONDS),
            Studyline(Addresses.model_validate(stack.addresses), bearer) as studyline,
        ):
            with display.step("timelines"):
                return await _totals_when_complete(studyline, taken)
    except TimeoutError:
        message = f"Reporting did not show the portfolio within {SHOWN_WITHIN_SECONDS} s: see `studyline status`"
        raise StackError(message) from None


async def _totals_when_complete(studyline: Studyline, taken: Mapping[str, int]) -> Counter[str]:
    while True:
        totals = await _totals(studyline)
        if await _is_level(studyline) and all(totals[kind] >= taken[kind] for kind in COUNTED):
            return totals
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _taken(summary: Summary, kind: str) -> int:
    verdicts = summary.records.get(kind, Counter())
    return verdicts.total() - verdicts["rejected"]


async def _totals(studyline: Studyline) -> Counter[str]:
    totals = Counter[str]()
    async for study in studyline.reporting.studies():
        totals.update(studies=1, sites=study.counts.sites, subjects=study.counts.subjects)
    return totals


async def _is_level(studyline: Studyline) -> bool:
    freshness = await studyline.reporting.read("/v1/freshness", Freshness)
    return all(source.lag_records == 0 for source in freshness.sources)
