"""`studyline scenario start-up`."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from chassis import clock
from client import Addresses, ClientError

from studyline.display import Display
from studyline.errors import StackError
from studyline.paths import Layout, find_layout
from studyline.scenario.stage import Actor, Stage, Tokens
from studyline.scenario.start_up import PROTOCOL_NUMBER, SPONSOR, entries_of, tell_start_up
from studyline.state import StackState, load_ready_state
from studyline.tokens import token

Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="STUDYLINE_DATA", metavar="DIR", help="The running stack's data directory."),
]
LastDay = Annotated[
    datetime | None,
    typer.Option("--last-day", formats=["%Y-%m-%d"], metavar="DATE", help="The day on which it ends. Default: today."),
]
DAYS_AGO_MAX: Final = 20
PAGES: Final = {
    "The study": "studies/{study}",
    "Sites in start-up": "start-up?study={study}",
    "Submissions": "submissions?study={study}",
    "Trial master file": "tmf?study={study}",
    "Timeline": "timeline?study={study}",
}


@dataclass(frozen=True)
class Telling:
    """Where a story is told, and whose it is."""

    layout: Layout
    state: StackState
    display: Display
    sponsor: str
    study: str


app = typer.Typer(help="Fill the running platform with a story, told over its public routes.", no_args_is_help=True)


@app.callback()
def scenarios() -> None:
    """Fill the running platform with a story, told over its public routes."""


@app.command()
def start_up(
    sponsor: Annotated[str, typer.Option(metavar="NAME", help="Whose study it is.")] = SPONSOR,
    study: Annotated[str, typer.Option(metavar="NUMBER", help="Its protocol number; another makes another.")] = (
        PROTOCOL_NUMBER
    ),
    last_day: LastDay = None,
    data: Data = None,
) -> None:
    """Tell a start-up in depth: agreement, feasibility, documents, submissions, green light, subjects, an amendment.

    Told again under the same number, it changes nothing and says so.
    """
    layout = find_layout(data)
    telling = Telling(layout, load_ready_state(layout), Display(), sponsor, study)
    day = _checked((last_day or clock.now()).date())
    try:
        asyncio.run(_tell(telling, day))
    except ClientError as error:
        message = f"{error} Tell the same story again: it goes on from here."
        raise StackError(message) from error


def _checked(day: date) -> date:
    """The last day, where the approvals of the story still hold today."""
    if 0 <= (clock.now().date() - day).days <= DAYS_AGO_MAX:
        return day
    message = (
        f"The story cannot end on {day}: name today, or a day at most {DAYS_AGO_MAX} days ago. "
        "An approval in it runs out soon after, and without it no site gets its green light."
    )
    raise StackError(message)


async def _tell(telling: Telling, last_day: date) -> None:
    addresses = Addresses.model_validate(telling.state)
    name = f"start-up/{telling.sponsor}/{telling.study}"
    async with Stage(addresses, tokens_of(telling.layout.root), name, telling.display.tell) as stage:
        tale = await tell_start_up(stage, telling.sponsor, telling.study, last_day)
        made, entries = tale.entries_before, await entries_of(tale)
    change = f"{entries - made:,} acts were done" if entries > made else "Nothing was changed: it was told before"
    telling.display.total(f"{change}; the journals hold {entries:,} of people in this study")
    for title, page in PAGES.items():
        print(f"{title + ':':<18} {telling.state.portal}{page.format(study=tale.study_id)}")


def tokens_of(data: Path) -> Tokens:
    """Tokens of the issuer of the stack that runs on this directory."""

    def token_for(actor: Actor) -> str:
        return token(data, actor.role, actor.sponsors, actor.subject, actor.name, stepped_up=actor.signing)

    return token_for
