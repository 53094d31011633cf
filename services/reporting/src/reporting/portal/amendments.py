"""How versions of a protocol reach the sites, as a study's page shows it."""

from collections import Counter
from typing import Any

from chassis.mongo import Database
from chassis.scope import Scope

from reporting import queries
from reporting.portal.asking import page_of
from reporting.portal.boards import named_sites
from reporting.portal.wording import words
from reporting.projections.amendments import STEPS
from reporting.queries.amendments import AmendmentCountry

ROWS: int = 30


async def amendments_of(database: Database, scope: Scope, study_id: str, cursor: str | None) -> dict[str, Any]:
    """A page of versions by country, with what to call the sites that wait."""
    page = await queries.amendments_page(database, scope, study_id, page_of(ROWS, cursor))
    waiting = {site.site_id for one in page.items for site in one.waiting}
    here = f"/studies/{study_id}"
    return {
        "rows": [(one, waited_for(one)) for one in page.items],
        "names": await named_sites(database, scope, waiting),
        "next": f"{here}?amendments={page.next}" if page.next else None,
        "first": here if cursor else None,
    }


def waited_for(one: AmendmentCountry) -> str:
    """What its sites wait for, each step with the number of sites."""
    found = Counter(step for site in one.waiting for step in site.waits_for)
    return ", ".join(f"{words(step)} ({found[step]})" for step in STEPS if found[step])
