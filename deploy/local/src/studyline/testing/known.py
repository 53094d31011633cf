"""Two sponsors' studies, each with a site, as `sites` tells its neighbours of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chassis.mongo import Database
from chassis.scope import Scope
from contracts import TOPICS, Received, Sponsor, derived_id, sponsor_id
from contracts.sites import SiteIdentified, StudyRegistered

from studyline.testing.events import publish, told
from studyline.testing.service import Face

LOOK_EVERY_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Known:
    """A study and its site."""

    sponsor: str
    study_id: str
    site_id: str
    country: str

    @classmethod
    def of(cls, sponsor: str, country: str) -> "Known":
        """A sponsor's study and its site in this country."""
        return cls(sponsor, derived_id("study", sponsor), derived_id("study-site", sponsor), country)

    @property
    def events(self) -> list[Received]:
        """The events that tell of them."""
        registered = StudyRegistered(
            study_id=self.study_id,
            sponsor=Sponsor(id=sponsor_id(self.sponsor), name=self.sponsor),
            protocol_number="P-1",
            registry_ids=(),
            title="A study",
            phase=None,
            status="recruiting",
            countries=(self.country,),
            planned_enrolment=None,
        )
        place = {"study_id": self.study_id, "site_id": self.site_id, "country": self.country}
        identified = SiteIdentified.model_validate({**place, "name": None, "city": None, "number": None})
        return [
            told(f"study/{self.study_id}", registered, sponsor=self.sponsor),
            told(f"study-site/{self.site_id}", identified, sponsor=self.sponsor),
        ]


ACME: Final = Known.of("Acme", "DE")
ZETA: Final = Known.of("Zeta", "FR")


async def tell_of(face: Face, known: Iterable[Known], *, into: Iterable[str]) -> None:
    """Publish what `sites` would of each, and wait until each is in all of these collections of the service."""
    everyone = list(known)
    await publish(face.cluster, TOPICS["sites"], [event for one in everyone for event in one.events])
    for collection in into:
        await _filled(face.database, collection, len(everyone))


async def take_over(face: Face, known: Known, *, into: str) -> None:
    """Publish what `sites` would of a study that was taken over from elsewhere, until it is in this collection."""
    events = [one._replace(envelope=one.envelope.model_copy(update={"provenance": "migrated"})) for one in known.events]
    await publish(face.cluster, TOPICS["sites"], events)
    studies = face.database.collection(into)
    while not await studies.count(Scope.everything(), {"_id": known.study_id}):  # noqa: ASYNC110 - the truth is in the database
        await asyncio.sleep(LOOK_EVERY_SECONDS)


async def _filled(database: Database, collection: str, count: int) -> None:
    while await database.collection(collection).count(Scope.everything(), {}) < count:  # noqa: ASYNC110 - the truth is in the database
        await asyncio.sleep(LOOK_EVERY_SECONDS)
