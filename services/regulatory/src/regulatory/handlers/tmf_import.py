"""Takes an eTMF-EMS package over: all of it or none, and where it was broken off it goes on when it is sent again.

The command of each object has an id derived from the transfer and the object, so nothing is taken over twice. The
study's file notes when a transfer begins and when all of it is here; in between it cannot be locked.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import Any, Final
from zipfile import ZipFile

from chassis.commands import Instruction, given
from chassis.files.arriving import Arrived
from chassis.files.packages import opened
from chassis.files.store import Files
from chassis.http.desk import Desk, existing
from chassis.mongo import Database
from chassis.patience import went_on
from chassis.problems import Problem
from kernel import Command, derived_id
from pydantic import JsonValue

from regulatory.domain.document_state import StoredFile
from regulatory.domain.ems import EmsBatch
from regulatory.domain.tmf import Tmf
from regulatory.domain.tmf_commands import ExpectDocument, ImportVersion
from regulatory.domain.tmf_exchange import OWN, STAGE_OF, Incoming, about_of, carried_by
from regulatory.domain.tmf_messages import BeginTmfImport, CompleteTmfImport
from regulatory.domain.tmf_status import day_of
from regulatory.domain.tmf_version import Origin
from regulatory.handlers.tmf_examining import IN_MEMORY_BYTES, Content, Examined, KnownSite, examined, unpacked
from regulatory.projections import SITES
from regulatory.store import TMF_DOCUMENTS, TMFS, owner_in_tmf

OBJECTS_AT_ONCE: Final = 100
FLAWS_TOLD_MAX: Final = 1_000
LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Import:
    """One package on its way into a study's file."""

    desk: Desk
    files: Files
    file: Tmf
    at: str
    reason: str | None
    batch: EmsBatch
    package: Arrived

    async def carry_out(self, found: Examined) -> dict[str, Any]:
        """Take over every object; what the caller is told. Raises Refused where the file does not take it now."""
        begin = BeginTmfImport.model_validate(
            {**self._transfer, "package_sha256": self.package.sha256, "objects": len(found.incoming)}
        )
        await self._on_file("begin", begin)
        with opened(self.package.content) as archive:
            for start in range(0, len(found.incoming), OBJECTS_AT_ONCE):
                await self._take_over(archive, found.contents, found.incoming[start : start + OBJECTS_AT_ONCE])
        await self._on_file("complete", CompleteTmfImport.model_validate(self._transfer))
        documents = {one.place.id_in(self.file.study_id) for one in found.incoming}
        return {
            "tmf_id": self.file.tmf_id,
            "source": self.batch.transfer_source_id,
            "transfer_id": self.batch.transfer_id,
            "objects": len(found.incoming),
            "documents": len(documents),
            "unreferenced_files": found.unreferenced[:FLAWS_TOLD_MAX],
        }

    @property
    def _transfer(self) -> dict[str, Any]:
        batch = self.batch
        return {"occurred_at": self.at, "source": batch.transfer_source_id, "transfer_id": batch.transfer_id}

    async def _on_file(self, step: str, command: Command) -> None:
        asked = existing(TMFS, self.file.tmf_id, command)
        await self.desk.commands.carry_out(self.desk.scope, self._instruction(TMFS, self.file.tmf_id, step, asked))

    async def _take_over(self, archive: ZipFile, contents: Mapping[str, Content], incoming: Sequence[Incoming]) -> None:
        instructions: list[Instruction[Any, Any, Any]] = []
        for one in incoming:
            stored = [await self._stored(archive, contents, url, name) for url, name in _files_of(one)]
            command = given(self._version(one, stored))
            key = one.place.id_in(self.file.study_id)
            instructions.append(self._instruction(TMF_DOCUMENTS, key, one.source.object_id, command))
        for outcome in await self.desk.commands.carry_out_all(self.desk.scope, instructions):
            if outcome.error is not None:
                raise outcome.error

    async def _stored(self, archive: ZipFile, contents: Mapping[str, Content], url: str, filename: str) -> StoredFile:
        about = contents[url]
        with SpooledTemporaryFile[bytes](max_size=IN_MEMORY_BYTES) as spooled:
            arrived = await asyncio.to_thread(unpacked, archive, url, spooled)
            file_id = await self.files.keep(owner_in_tmf(self.file), arrived)
        told = {"sha256": about.sha256, "size_bytes": about.size_bytes, "media_type": about.media_type}
        return StoredFile.model_validate({**told, "file_id": file_id, "filename": filename})

    def _version(self, one: Incoming, stored: Sequence[StoredFile]) -> ImportVersion:
        about, by = about_of(one.source), self.desk.context.actor.id
        expected = ExpectDocument(
            occurred_at=self.at,
            tmf_document_id=one.place.id_in(self.file.study_id),
            study_id=self.file.study_id,
            sponsor_id=self.file.sponsor_id,
            milestone=one.source.told(f"{OWN}milestone"),
            due_on=day_of(about.document_date or self.at),
            by=by,
            **vars(one.place),
        )
        origin = Origin(
            source=self.batch.transfer_source_id,
            transfer_id=self.batch.transfer_id,
            object_id=one.source.object_id,
            carried=carried_by(one.source),
        )
        return ImportVersion(
            occurred_at=self.at,
            expected=expected,
            about=about,
            file=stored[0],
            attachments=tuple(stored[1:]),
            origin=origin,
            stage=STAGE_OF[one.source.state],
            by=by,
        )

    def _instruction(self, aggregate: Any, key: str, step: str, command: Any) -> Instruction[Any, Any, Any]:
        transfer = (self.batch.transfer_source_id, self.batch.transfer_id, self.package.sha256)
        context = replace(
            self.desk.context,
            command_id=derived_id("tmf-import", self.file.tmf_id, *transfer, step),
            fingerprint=self.package.sha256,
            provenance="migrated",
            reason=self.reason,
            expected_version=None,
            correlation_id=self.desk.context.command_id,
        )
        return Instruction(aggregate, key, command, context, answered=False)


async def take_over(job: "Announced") -> dict[str, Any]:
    """Look into all of the package, then take all of it over. Raises the 422 problem with every flaw."""
    sites = await _known_sites(job.database, job.desk, job.file.study_id)
    package = job.package
    looking = asyncio.to_thread(examined, package.content, package.size_bytes, sites, job.study_number)
    found = await _patiently(asyncio.ensure_future(looking))
    if found.flaws or found.batch is None:
        raise _flawed(found)
    work = Import(job.desk, job.files, job.file, job.at, job.reason, found.batch, package)
    return await work.carry_out(found)


@dataclass(frozen=True)
class Announced:
    """A package that has arrived for a study's file, and what was said beside it."""

    database: Database
    files: Files
    desk: Desk
    file: Tmf
    package: Arrived
    study_number: str
    at: str
    reason: str | None


async def _known_sites(database: Database, desk: Desk, study_id: str) -> dict[str, KnownSite]:
    found = await database.collection(SITES.collection).find(desk.scope, {"study": study_id})
    known = [(one, KnownSite(one["_id"], one["country"])) for one in found]
    return {key: site for one, site in known for key in (one["_id"], one.get("number")) if key}


async def _patiently(looking: "asyncio.Future[Examined]") -> Examined:
    """Wait for the look into the package, which counts as progress."""
    while True:
        done, _ = await asyncio.wait([looking], timeout=LOOK_SECONDS)
        went_on()
        if done:
            return looking.result()


def _flawed(found: Examined) -> Problem:
    count = len(found.flaws)
    told: list[JsonValue] = [dict(vars(flaw)) for flaw in found.flaws[:FLAWS_TOLD_MAX]]
    detail = f"Nothing was taken over: the package has {count} flaws. Mend them and send it again."
    return Problem(422, "tmf_package_flawed", detail, flaws=told, flaws_in_all=count)


def _files_of(one: Incoming) -> Iterator[tuple[str, str]]:
    for file in one.source.files:
        yield file.content_url, file.filename
