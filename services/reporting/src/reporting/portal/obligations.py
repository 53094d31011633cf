"""The obligations of trials, as the page of submissions shows them under its table."""

import asyncio
from typing import Any

from chassis.mongo import Database
from chassis.scope import Scope

from reporting import queries
from reporting.portal.asking import ROWS_ON_A_BOARD, address_of, page_of
from reporting.portal.choices import named_studies
from reporting.portal.wording import number
from reporting.queries.obligations import ObligationFilter, ObligationTotals
from reporting.queries.submission_board import SubmissionFilter

PAGE: str = "obligations"
"""What the address calls the place in this table."""


async def obligations_of(
    database: Database, scope: Scope, board: SubmissionFilter, cursor: str | None
) -> dict[str, Any] | None:
    """The table by the filters of the board; None where these ask for a body or a stage, which obligations lack."""
    if board.body is not None or board.stage is not None:
        return None
    asked = ObligationFilter.model_validate(board.model_dump(include=set(ObligationFilter.model_fields)))
    page, totals = await asyncio.gather(
        queries.obligations_page(database, scope, asked, page_of(ROWS_ON_A_BOARD, cursor)),
        queries.obligation_totals(database, scope, asked),
    )
    return {
        "items": page.items,
        "labels": await named_studies(database, scope, {one.study_id for one in page.items}),
        "totals": told(totals),
        "next": address_of("/submissions", board, **{PAGE: page.next}) if page.next else None,
        "first": address_of("/submissions", board) if cursor else None,
    }


def told(totals: ObligationTotals) -> str:
    """How urgent they are, in words."""
    return f"{number(totals.open)} open, {number(totals.overdue)} overdue, {number(totals.soon)} due within 7 days"
