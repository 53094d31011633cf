"""The matrix of sites and items: its columns, its groups of rows, and what each cell says. Pure.

A cell is a sign with words behind it, so that nothing is told by colour alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from reporting.portal.wording import day, words
from reporting.queries.start_up import StartUpItem, StartUpSite

SIGNS: Final = {"met": "✓", "waived": "≈", "not_applicable": "–", "missing": "○"}  # noqa: RUF001 - the dash of tables
LOST: Final = "✕"
EXPIRING: Final = "!"
TONES: Final = {"met": "met", "waived": "waived", "not_applicable": "na", "missing": "missing"}
HEADS: Final = {
    1: "Authority",
    2: "Ethics",
    3: "Contract and insurance",
    4: "Protocol and brochure",
    5: "Investigators",
    6: "Delegation and training",
    7: "Initiation and systems",
    8: "Laboratory",
    9: "Product",
    10: "Data privacy",
}
"""The ten heads of the green light (ICH E6(R3) appendix C; TMF Reference Model milestone 03)."""


@dataclass(frozen=True, slots=True)
class Column:
    """An item that any site on the page has; `starts` where a head's first item stands."""

    item: str
    number: int | None
    starts: bool

    @property
    def head(self) -> str:
        """The head under which the item stands."""
        return HEADS.get(self.number or 0, "Other")


@dataclass(frozen=True, slots=True)
class Cell:
    """How an item stands at a site: `sign` and `tone` for the eye, `text` for everybody.

    `expiry` is the day on which its evidence expires soon or has expired, as it is read.
    """

    sign: str
    tone: str
    text: str
    starts: bool
    expiry: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Sites of one study or country, in their order."""

    key: str
    sites: Sequence[StartUpSite]


def columns_of(sites: Iterable[StartUpSite]) -> list[Column]:
    """Every item of these sites' checklists once, by its head and then by its code."""
    known = {one.item: one.number for site in sites for one in site.items}
    ordered = sorted(known.items(), key=lambda one: (one[1] or len(HEADS) + 1, one[0]))
    numbers = [number for _, number in ordered]
    return [
        Column(item, number, place == 0 or numbers[place - 1] != number) for place, (item, number) in enumerate(ordered)
    ]


def groups_of(sites: Sequence[StartUpSite], by: str) -> list[Group]:
    """The page's sites in groups, in the order in which they come."""
    named = groupby(sites, key=lambda one: one.country if by == "country" else one.study_id)
    return [Group(key, list(members)) for key, members in named]


def cells(site: StartUpSite, columns: Sequence[Column]) -> list[Cell]:
    """A cell for each column; an empty one where the site's checklist does not have the item."""
    items = {one.item: one for one in site.items}
    return [
        Cell(_sign(one), _tone(one), _text(one), column.starts, _day_of(one))
        if (one := items.get(column.item)) is not None
        else Cell("", "none", "Not on this site's checklist", column.starts)
        for column in columns
    ]


def _sign(item: StartUpItem) -> str:
    if _runs_out(item):
        return EXPIRING
    return SIGNS.get(item.status, LOST)


def _runs_out(item: StartUpItem) -> bool:
    """Whether it is met by what expires soon, or should be lost by now."""
    return item.status == "met" and item.expiry is not None


def _tone(item: StartUpItem) -> str:
    if _runs_out(item):
        return "expiring"
    return TONES.get(item.status, "lost")


def _text(item: StartUpItem) -> str:
    since = f" since {day(item.since)}" if item.since else ""
    match item.status:
        case "met":
            return f"Met{since}{_until(item)}, evidence {', '.join(item.evidence) or 'not named'}"
        case "missing" if item.lost_by is None and not since:
            return "Missing: no evidence yet"
        case "not_applicable":
            return "Does not apply here"
        case "waived":
            return f"Waived{since}"
        case status:
            by = f", lost by {item.lost_by}" if item.lost_by else ""
            return f"{words(status)}{since}{by}"


def _until(item: StartUpItem) -> str:
    if item.expires_on is None:
        return ""
    return f", {'expired' if item.expiry == 'expired' else 'expires'} {day(item.expires_on)}"


def _day_of(item: StartUpItem) -> str | None:
    return day(item.expires_on) if item.expiry is not None and item.expires_on is not None else None
