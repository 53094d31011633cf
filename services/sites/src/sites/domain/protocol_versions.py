"""Which versions of a protocol came into effect at a site while it was open: the amendments it has to implement.

Of the changes whose place contains a site, the one that began last holds (`contracts.regulatory.documents`). The first
protocol a site ever had asks for nothing; nor does a version under which the site was opened. A separate amendment
(TMF Reference Model 02.01.04) is never the first: whoever makes one effective amends.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from kernel import BusinessTime
from pydantic import BaseModel

from sites.domain.spans import Span, first_day

ProtocolKind = Literal["protocol", "protocol_amendment"]


class ProtocolVersion(BaseModel, frozen=True, extra="forbid"):
    """One version of a protocol, or of an amendment that is kept as a document of its own."""

    document_id: str
    version: str


class ProtocolChange(BaseModel, frozen=True, extra="forbid"):
    """A version was approved, or is in effect at a place from a day on; without a version none is any more.

    A place is a site, a country, or where neither is named the whole study. `nth` orders what has the same day.
    """

    event_id: str
    document_id: str
    kind: ProtocolKind
    what: Literal["approved", "in_effect"]
    version: str | None
    country: str | None = None
    site_id: str | None = None
    since: BusinessTime | None
    nth: int
    substantial: bool | None = None

    def concerns(self, country: str, site_id: str) -> bool:
        """Whether the place contains the site."""
        return self.country in {None, country} and self.site_id in {None, site_id}


class OpenSite(BaseModel, frozen=True, extra="forbid"):
    """A site and when it was open: from its activation until it was closed, on hold or not."""

    site_id: str
    country: str
    open: Span | None


class Amendment(BaseModel, frozen=True, extra="forbid"):
    """A version that took effect at an open site, and until when it holds there; days as days."""

    version: ProtocolVersion
    kind: ProtocolKind
    substantial: bool | None
    approved_on: date | None
    effective_in_country_on: date
    effective_on: date
    until: date
    superseded_by: str | None
    known_from: tuple[str, ...]
    """The events by which it was approved and took effect."""


def amendments_at(site: OpenSite, changes: Iterable[ProtocolChange]) -> list[Amendment]:
    """Every further version that took effect at the site while it was open, in the order of their days."""
    of_document: dict[str, list[ProtocolChange]] = defaultdict(list)
    for one in changes:
        of_document[one.document_id].append(one)
    found = [one for of_one in of_document.values() for one in _further(site, of_one)]
    return sorted(found, key=lambda one: (one.effective_on, one.version.document_id))


def versions_of(changes: Iterable[ProtocolChange]) -> list[ProtocolVersion]:
    """The versions that amend, wherever: all but the first of a protocol, in the order they were approved."""
    seen: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, ProtocolKind] = {}
    for one in sorted(changes, key=lambda one: one.nth):
        kinds[one.document_id] = one.kind
        if one.version is not None and one.version not in seen[one.document_id]:
            seen[one.document_id].append(one.version)
    return [
        ProtocolVersion(document_id=document_id, version=version)
        for document_id, versions in sorted(seen.items())
        for version in versions[0 if kinds[document_id] == "protocol_amendment" else 1 :]
    ]


def _further(site: OpenSite, changes: list[ProtocolChange]) -> Iterator[Amendment]:
    here = _in_order(one for one in changes if one.what == "in_effect" and one.concerns(site.country, site.site_id))
    seen = set[str]()
    for index, one in enumerate(here):
        first = not seen and one.kind == "protocol"
        if one.version is None or one.version in seen:
            continue
        seen.add(one.version)
        begun, other = first_day(one.since), next((late for late in here[index:] if late.version != one.version), None)
        if not first and site.open is not None and site.open.since < begun < site.open.until:
            yield _amendment(site, one, other, changes)


def _amendment(
    site: OpenSite, begun: ProtocolChange, ended: ProtocolChange | None, changes: list[ProtocolChange]
) -> Amendment:
    assert begun.version is not None, "an amendment is a version"
    approved = next((one for one in changes if one.what == "approved" and one.version == begun.version), None)
    of_country = [
        first_day(one.since)
        for one in changes
        if (one.what, one.version, one.site_id) == ("in_effect", begun.version, None)
        and one.country in {None, site.country}
    ]
    return Amendment(
        version=ProtocolVersion(document_id=begun.document_id, version=begun.version),
        kind=begun.kind,
        substantial=approved.substantial if approved is not None else None,
        approved_on=first_day(approved.since) if approved is not None and approved.since is not None else None,
        effective_in_country_on=min(of_country, default=first_day(begun.since)),
        effective_on=first_day(begun.since),
        until=first_day(ended.since) if ended is not None else date.max,
        superseded_by=ended.version if ended is not None else None,
        known_from=tuple(one.event_id for one in (approved, begun) if one is not None),
    )


def _in_order(changes: Iterable[ProtocolChange]) -> list[ProtocolChange]:
    return sorted(changes, key=lambda one: (first_day(one.since), one.nth))
