"""Looks into an eTMF-EMS package before any of it is taken over: everything that is wrong is found, object by object.

It reads and unpacks within limits, so it belongs into a thread. A package is data of a stranger: names that lead out of
it, bombs, entities, content that acts, and hashes that do not hold are flaws, and one flaw keeps all of it out.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Final
from zipfile import BadZipFile, ZipFile

from chassis.files.arriving import Arrived
from chassis.files.inspecting import inspected
from chassis.files.kinds import KINDS
from chassis.files.packages import opened, refuse_bomb
from chassis.problems import Problem
from pydantic import ValidationError

from regulatory.domain.ems import ALPHA_2, EmsBatch, EmsFile, EmsObject, Integrity
from regulatory.domain.ems_xml import ExchangeReader, Flaw
from regulatory.domain.tmf_exchange import LEVEL_IN, OWN, Incoming, about_of, place_of, settled
from regulatory.domain.tmf_reference import ARTIFACTS, MILESTONES, label_of

EXCHANGE: Final = "exchange.xml"
MEMBERS_MAX: Final = 200_000
EXPANDED_TIMES: Final = 4
"""So many times its own size a package may have unpacked; what lies in a trial master file hardly shrinks."""
PART_BYTES: Final = 262_144
IN_MEMORY_BYTES: Final = 1_048_576


@dataclass(frozen=True)
class KnownSite:
    """A site of the study, by its id or its number."""

    site_id: str
    country: str


@dataclass(frozen=True)
class Content:
    """A file of the package that was looked into."""

    sha256: str
    size_bytes: int
    media_type: str


@dataclass
class Examined:
    """What a package holds; with any flaw none of it may be taken over."""

    batch: EmsBatch | None = None
    incoming: list[Incoming] = field(default_factory=list[Incoming])
    contents: dict[str, Content] = field(default_factory=dict[str, Content])
    flaws: list[Flaw] = field(default_factory=list[Flaw])
    unreferenced: list[str] = field(default_factory=list[str])


@dataclass
class _Examination:
    archive: ZipFile
    sites: Mapping[str, KnownSite]
    study_number: str
    names: frozenset[str]
    found: Examined = field(default_factory=Examined)
    _seen: set[str] = field(default_factory=set[str])

    def run(self) -> Examined:
        found, reader = self.found, ExchangeReader()
        if EXCHANGE not in self.names:
            return _flawed(found, Flaw(None, "exchange_missing", f"The package has no {EXCHANGE} at its top."))
        with self.archive.open(EXCHANGE) as content:
            incoming = [one for source in reader.objects(content) if (one := self._incoming(source)) is not None]
        found.batch = reader.batch
        found.flaws = [*reader.flaws, *self._of_batch(), *found.flaws]
        found.incoming = settled(incoming)
        if not incoming and not found.flaws:
            found.flaws.append(Flaw(None, "no_objects", "The transfer holds no object."))
        found.unreferenced = sorted(self.names - {EXCHANGE, *found.contents} - self._urls(incoming))
        return found

    def _of_batch(self) -> Iterator[Flaw]:
        batch = self.found.batch
        if batch is not None and batch.study_id != self.study_number:
            detail = f"The transfer is of study {batch.study_id}, and {self.study_number} was announced."
            yield Flaw(None, "study_differs", detail, "STUDYID")

    def _urls(self, incoming: list[Incoming]) -> set[str]:
        return {file.content_url for one in incoming for file in one.source.files}

    def _incoming(self, source: EmsObject) -> Incoming | None:
        """The object for its document; None, and flaws, where something is wrong with it."""
        site = self._site(source)
        flaws = [
            *self._of_object(source, site),
            *(flaw for file in source.files for flaw in self._of_file(source, file)),
        ]
        self.found.flaws += flaws
        return None if flaws else Incoming(source, place_of(source, site.site_id if site else None))

    def _site(self, source: EmsObject) -> KnownSite | None:
        told = (source.site_system_id, source.site_id)
        return next((self.sites[one] for one in told if one is not None and one in self.sites), None)

    def _of_object(self, source: EmsObject, site: KnownSite | None) -> Iterator[Flaw]:
        key, level = source.object_id, LEVEL_IN[source.level]
        if key in self._seen:
            yield Flaw(key, "object_repeated", "The OBJECTID stands twice in the transfer.", "OBJECTID")
        self._seen.add(key)
        artifact = ARTIFACTS.get(source.unique_id)
        if artifact is None:
            yield Flaw(key, "artifact_unknown", f"There is no artifact with unique id {source.unique_id}.", "UNIQUEID")
        elif artifact.investigator_only:
            detail = f"{label_of(source.unique_id)} names subjects and stays at the site: leave it out of the transfer."
            yield Flaw(key, "investigator_only", detail, "UNIQUEID")
        country = ALPHA_2.get(source.country or "")
        if level != "trial" and country is None:
            yield Flaw(key, "country_unknown", f"{source.country or 'Nothing'} is no ISO 3166-1 alpha-3.", "COUNTRYID")
        if level == "site" and site is None:
            named = source.site_id or source.site_system_id or "without a number"
            detail = f"The study has no site {named}. Identify it first, with its number."
            yield Flaw(key, "site_unknown", detail, "SITEID")
        elif level == "site" and site is not None and country is not None and site.country != country:
            yield Flaw(key, "country_differs", f"The site lies in {site.country}, not in {country}.", "COUNTRYID")
        yield from self._of_metadata(source)

    def _of_metadata(self, source: EmsObject) -> Iterator[Flaw]:
        milestone = source.told(f"{OWN}milestone")
        if milestone is not None and milestone not in MILESTONES:
            yield Flaw(source.object_id, "milestone_unknown", f"{milestone} is no milestone of the model.", "METADATA")
        try:
            about_of(source)
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                where = ".".join(str(part) for part in item["loc"])
                yield Flaw(source.object_id, "invalid", f"{where}: {item['msg']}.", "METADATA")

    def _of_file(self, source: EmsObject, file: EmsFile) -> Iterator[Flaw]:
        key, url = source.object_id, file.content_url
        if url not in self.names:
            detail = f"{url} is no file of the package: name it by its path in it."
            yield Flaw(key, "file_missing", detail, "CONTENTURL")
            return
        integrity = Integrity(file.integrity)
        with SpooledTemporaryFile[bytes](max_size=IN_MEMORY_BYTES) as content:
            arrived = unpacked(self.archive, url, content, integrity)
            if not integrity.holds:
                yield Flaw(key, "integrity_broken", f"{url} is not the content whose hash is told.", "INTEGRITY")
            elif arrived.size_bytes == 0:
                yield Flaw(key, "file_empty", f"{url} is empty.", "CONTENTURL")
            else:
                yield from self._looked_into(key, url, file.filename, arrived)

    def _looked_into(self, key: str, url: str, filename: str, arrived: Arrived) -> Iterator[Flaw]:
        try:
            kind = inspected(arrived.content, _declared(filename), filename)
        except Problem as problem:
            yield Flaw(key, problem.code, f"{filename}: {problem.detail}", "FILENAME")
        else:
            self.found.contents[url] = Content(arrived.sha256, arrived.size_bytes, kind.media_type)


def examined(content: IO[bytes], size_bytes: int, sites: Mapping[str, KnownSite], study_number: str) -> Examined:
    """Everything in a package, and everything that is wrong with it. Raises the 422 problem where it is no package."""
    with opened(content) as archive:
        refuse_bomb(archive, members_max=MEMBERS_MAX, expanded_bytes_max=max(1_048_576, EXPANDED_TIMES * size_bytes))
        names = frozenset(one.filename for one in archive.infolist() if not one.is_dir())
        examination = _Examination(archive, sites, study_number, names)
        try:
            return examination.run()
        except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            return _flawed(
                examination.found, Flaw(None, "package_damaged", f"The package cannot be unpacked: {error}.")
            )


def unpacked(archive: ZipFile, name: str, into: IO[bytes], integrity: Integrity | None = None) -> Arrived:
    """One file of the package, unpacked, hashed and ready to be stored."""
    digest, size = sha256(), 0
    with archive.open(name) as packed:
        while part := packed.read(PART_BYTES):
            into.write(part)
            digest.update(part)
            size += len(part)
            if integrity is not None:
                integrity.update(part)
    into.seek(0)
    return Arrived(into, digest.hexdigest(), size)


def _declared(filename: str) -> str:
    """The type that a file of this name has."""
    suffix = PurePosixPath(filename).suffix.lower()
    return next((kind.media_type for kind in KINDS if suffix in kind.extensions), "")


def _flawed(found: Examined, flaw: Flaw) -> Examined:
    found.flaws.append(flaw)
    return found
