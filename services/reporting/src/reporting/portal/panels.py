"""What a study's page says of the boards, with a link to each: in short, and only of what there is."""

import asyncio

from chassis.mongo import Database
from chassis.scope import Scope

from reporting import queries
from reporting.portal.asking import address_of, page_of
from reporting.portal.wording import counted, day, number
from reporting.queries.start_up import StartUpFilter, StartUpTotals
from reporting.queries.submission_board import SubmissionFilter, SubmissionTotals
from reporting.queries.tmf import TmfFigures, TmfFilter

Panel = tuple[str, str, str]
"""Address, name, text."""


async def panels_of(database: Database, scope: Scope, study_id: str) -> list[Panel]:
    """A line for each board that holds anything of the study."""
    asked = {"study": study_id}
    starting, submitted, filed = (
        StartUpFilter.model_validate(asked),
        SubmissionFilter.model_validate(asked),
        TmfFilter.model_validate(asked),
    )
    sites, submissions, files = await asyncio.gather(
        queries.start_up_totals(database, scope, starting),
        queries.submission_totals(database, scope, submitted),
        queries.tmf_page(database, scope, filed, page_of(1, None)),
    )
    told = [
        (address_of("/start-up", starting), "Start-up", _start_up(sites)),
        (address_of("/submissions", submitted), "Submissions", _submissions(submissions)),
        (address_of("/tmf", filed), "TMF", _file(files.items[0]) if files.items else ""),
    ]
    return [one for one in told if one[2]]


def _start_up(totals: StartUpTotals) -> str:
    if not totals.starting + totals.lost:
        return ""
    lost = f", {number(totals.lost)} open that lost a prerequisite" if totals.lost else ""
    return f"{counted(totals.starting, 'sites')}, {number(totals.ready)} ready for the green light{lost}"


def _submissions(totals: SubmissionTotals) -> str:
    if not totals.open:
        return ""
    return f"{number(totals.open)} open, {number(totals.overdue)} overdue, {number(totals.soon)} due within 7 days"


def _file(figures: TmfFigures) -> str:
    if figures.completeness is None:
        return "nothing due yet"
    oldest = f", overdue since {day(figures.oldest_overdue)}" if figures.oldest_overdue else ""
    return f"{figures.completeness} % of {number(figures.due)} due documents filed{oldest}"
