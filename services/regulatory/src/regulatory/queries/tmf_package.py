"""A study's trial master file as an eTMF-EMS package, written while it is sent: exchange.xml first, then the files.

What is sent is what was filed when the transfer began. Files are stored as they are, without packing: they hardly
shrink, and nobody waits for a processor. Content that is not what its record says ends the package before its end.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from chassis.files.store import Files
from chassis.journal import journal_of
from chassis.mongo import Database, Document
from chassis.scope import Scope

from regulatory.domain.document_state import StoredFile
from regulatory.domain.ems import EmsAuditRecord, EmsBatch
from regulatory.domain.ems_xml import closing, opening, written
from regulatory.domain.tmf_document_state import TmfDocument
from regulatory.domain.tmf_exchange import (
    EVIDENCE_NAME,
    STATE_OF,
    content_url,
    evidence_text,
    object_id_of,
    object_of,
)
from regulatory.domain.tmf_version import TmfVersion
from regulatory.projections import SITES
from regulatory.store import TMF_DOCUMENTS

EXCHANGE: Final = "exchange.xml"
DOCUMENTS_AT_ONCE: Final = 200
EVENT_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "TmfDocumentReceived": ("New", "received"),
    "TmfQcStarted": ("Change", "quality control started"),
    "TmfDocumentReturned": ("Change", "returned"),
    "TmfDocumentFiled": ("Change", "filed"),
    "TmfVersionSuperseded": ("Change", "superseded"),
    "TmfVersionImported": ("Other", "taken over from another system"),
}
"""How the journal's events of a version are told to another system."""


@dataclass
class _Sink:
    """What a ZIP file is written to: no place to go back to, only what is still to be sent."""

    parts: list[bytes] = field(default_factory=list[bytes])

    def write(self, part: bytes) -> int:
        """Take the next bytes."""
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What has come since."""
        taken, self.parts = b"".join(self.parts), []
        return taken


@dataclass(frozen=True)
class Package:
    """One transfer out of a study's file."""

    database: Database
    files: Files
    scope: Scope
    study_id: str
    batch: EmsBatch

    async def objects(self) -> int:
        """How many versions of documents it holds."""
        versions = {"$size": {"$filter": {"input": "$state.versions", "cond": _goes_out()}}}
        stages = [{"$group": {"_id": None, "count": {"$sum": versions}}}]
        collection = self.database.collection(TMF_DOCUMENTS.collection)
        found = await collection.aggregate(self.scope, stages, condition={"study": self.study_id})
        return found[0]["count"] if found else 0

    async def parts(self) -> AsyncIterator[bytes]:
        """The package, part by part."""
        sink, contents = _Sink(), dict[str, StoredFile | bytes]()
        target: Any = sink
        with ZipFile(target, "w") as archive:
            about = ZipInfo(EXCHANGE)
            about.compress_type = ZIP_DEFLATED
            with archive.open(about, "w", force_zip64=True) as exchange:
                async for text in self._exchange(contents):
                    exchange.write(text.encode())
                    yield sink.take()
            for path, content in contents.items():
                with archive.open(ZipInfo(path), "w", force_zip64=True) as member:
                    async for part in self._content(content):
                        member.write(part)
                        yield sink.take()
        yield sink.take()

    async def _content(self, content: StoredFile | bytes) -> AsyncIterator[bytes]:
        if isinstance(content, bytes):
            yield content
        else:
            async for part in self.files.read(content.file_id, content.sha256, content.size_bytes):
                yield part

    async def _exchange(self, contents: dict[str, StoredFile | bytes]) -> AsyncIterator[str]:
        numbers = await self._site_numbers()
        yield opening(self.batch)
        async for documents in self._documents():
            audit = await self._audit([one.tmf_document_id for one in documents])
            for document in documents:
                for version in document.versions:
                    if version.stage in STATE_OF:
                        yield self._object(document, version, numbers, audit, contents)
        yield closing()

    def _object(
        self,
        document: TmfDocument,
        version: TmfVersion,
        numbers: Mapping[str, str],
        audit: Mapping[tuple[str, int], Sequence[EmsAuditRecord]],
        contents: dict[str, StoredFile | bytes],
    ) -> str:
        key, kept = object_id_of(document, version), files_of(version)
        for position, (file, content) in enumerate(kept):
            contents[content_url(key, position, file.filename)] = content
        number = numbers.get(document.site_id) if document.site_id else None
        happened = audit.get((document.tmf_document_id, version.number), ())
        return written(object_of(document, version, [file for file, _ in kept], number, happened))

    async def _documents(self) -> AsyncIterator[list[TmfDocument]]:
        collection, gathered = self.database.collection(TMF_DOCUMENTS.collection), list[TmfDocument]()
        condition = {"study": self.study_id, "state.versions.stage": {"$in": list(STATE_OF)}}
        async for stored in collection.stream(self.scope, condition, sort=[("_id", 1)]):
            gathered.append(TmfDocument.model_validate(stored["state"]))
            if len(gathered) == DOCUMENTS_AT_ONCE:
                yield gathered
                gathered = []
        if gathered:
            yield gathered

    async def _site_numbers(self) -> dict[str, str]:
        sites = await self.database.collection(SITES.collection).find(self.scope, {"study": self.study_id})
        return {one["_id"]: one["number"] for one in sites if one.get("number")}

    async def _audit(self, ids: Sequence[str]) -> dict[tuple[str, int], list[EmsAuditRecord]]:
        """What the journal tells of each version of these documents."""
        condition = {"aggregate.id": {"$in": list(ids)}, "aggregate.type": TMF_DOCUMENTS.name}
        entries = await journal_of(self.database).find(self.scope, condition, sort=[("version.after", 1)])
        found: dict[tuple[str, int], list[EmsAuditRecord]] = {}
        for entry in entries:
            for position, event in enumerate(entry["events"]):
                if event["type"] in EVENT_WORDS:
                    record = _record(entry, position, event["type"])
                    found.setdefault((entry["aggregate"]["id"], event["number"]), []).append(record)
        return found


def files_of(version: TmfVersion) -> list[tuple[StoredFile, StoredFile | bytes]]:
    """Its files, and where their content is: stored, or, of an event that is itself the document, said here."""
    stored = [version.file, *version.attachments] if version.file is not None else []
    if stored or version.evidence is None:
        return [(file, file) for file in stored]
    content = evidence_text(version.evidence)
    about = {"file_id": "", "filename": EVIDENCE_NAME, "media_type": "text/plain", "size_bytes": len(content)}
    return [(StoredFile.model_validate({**about, "sha256": sha256(content).hexdigest()}), content)]


def _goes_out() -> dict[str, Any]:
    return {"$in": ["$$this.stage", list(STATE_OF)]}


def _record(entry: Document, position: int, event_type: str) -> EmsAuditRecord:
    kind, words = EVENT_WORDS[event_type]
    return EmsAuditRecord.model_validate(
        {
            "audit_id": f"{entry['_id']}.{position}",
            "at": f"{entry['recorded_at']:%Y-%m-%dT%H:%M:%S}+00:00",
            "user_ref": entry["actor"]["id"],
            "entry_type": kind,
            "event": words,
        }
    )
