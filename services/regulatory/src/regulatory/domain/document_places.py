"""Where and from when a version is in effect: everywhere, in a country, or at a site.

At a place the effect that began last holds. What begins for a country ends what was in effect at its sites; what
begins at one site leaves the rest of its country as it was. The end of an effect is not stored but follows from what
began after it, so that late entries fall into place. A date of lower precision counts from its first day.
"""

from collections.abc import Sequence
from datetime import datetime

from kernel import BusinessTime, State, bounds


class Place(State):
    """Everywhere (neither is set), a country (ISO 3166-1 alpha-2), or a site, with its country."""

    country: str | None = None
    site_id: str | None = None

    def contains(self, other: "Place") -> bool:
        """Whether all of the other place lies in this one."""
        if self.site_id is not None:
            return self.site_id == other.site_id
        return self.country is None or self.country == other.country

    def meets(self, other: "Place") -> bool:
        """Whether the places have anything in common."""
        return self.contains(other) or other.contains(self)

    def __str__(self) -> str:
        """As a sentence names it."""
        if self.site_id is not None:
            return f"site {self.site_id}"
        return "everywhere" if self.country is None else f"country {self.country}"


class Effect(State):
    """A version begins to be in effect; without a version: from then on none is."""

    version: str | None
    place: Place
    since: BusinessTime

    @property
    def begins(self) -> datetime:
        """The first instant from which it may count."""
        return bounds(self.since)[0]


def end_of(effect: Effect, effects: Sequence[Effect]) -> Effect | None:
    """What ends the effect all over its place: the first that begins later there with another version."""
    later = [one for one in effects if _ends(one, effect)]
    return min(later, key=lambda one: one.begins, default=None)


def in_effect(effects: Sequence[Effect], place: Place, on: BusinessTime) -> Effect | None:
    """What is in effect at the place on that day; None where nothing is."""
    until = bounds(on)[1]
    begun = [one for one in effects if one.place.contains(place) and one.begins < until]
    last = max(begun, key=lambda one: one.begins, default=None)
    return last if last is not None and last.version is not None else None


def ended_by(added: Effect, effects: Sequence[Effect]) -> list[Effect]:
    """The effects whose end changes when this one is added: it comes before what ended them so far."""
    return [one for one in effects if one.version is not None and end_of(one, [*effects, added]) is added]


def _ends(later: Effect, effect: Effect) -> bool:
    elsewhere = not later.place.contains(effect.place) or later.version == effect.version
    return not elsewhere and later.begins > effect.begins
