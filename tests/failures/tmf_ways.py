"""How to bring the routes of trial master files to succeed, each in a study of its own."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from zipfile import ZipFile

from known_files import pdf
from regulatory.domain.ems import EmsBatch, EmsFile, EmsObject, integrity_of
from regulatory.domain.ems_xml import closing, opening, written

DAY: Final = "2022-03-01"
REASON: Final = "told by the site"
STEP: Final = {"occurred_at": DAY, "reason": REASON}


@dataclass(frozen=True)
class Upload:
    """A file as a command's body, and what is said beside it."""

    content: bytes
    media_type: str
    told: Mapping[str, str]


def package() -> bytes:
    """A transfer of one document of the trial."""
    content = pdf("A report")
    file = EmsFile(integrity=integrity_of(sha256(content).hexdigest()), filename="r.pdf", content_url="r.pdf")
    facts: dict[str, Any] = {"object_id": "o1", "level": "Trial", "unique_id": 12, "artifact_number": "01.01.12"}
    one = EmsObject.model_validate(
        {**facts, "version": "1.0", "state": "Current", "copy_of_original": "No", "files": (file,)}
    )
    batch = EmsBatch(
        study_id="ONC-301",
        transfer_source_id="old-etmf",
        transfer_id="t-1",
        specification_id="agreed",
        tmf_rm_version="3.3.1",
    )
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("exchange.xml", opening(batch) + written(one) + closing())
        archive.writestr("r.pdf", content)
    return out.getvalue()


FILE: Final = "/v1/studies/{study_id}/tmf"
DOCUMENT: Final = "/v1/tmf-documents/{tmf_document_id}"
EXPECTED: Final = {"unique_id": 12, "level": "trial", **STEP}
ABOUT: Final = {"filename": "r.pdf", "label": "1.0", "document_date": "2022-02", **STEP}
VERSION: Final = Upload(pdf("A report"), "application/pdf", ABOUT)
PACKAGE: Final = Upload(package(), "application/zip", {"study_number": "ONC-301", **STEP})
Before = tuple[tuple[Any, ...], ...]
OPENED: Final[Before] = ((f"{FILE}/open", {"rules_version": 1, **STEP}),)
AWAITED: Final[Before] = (*OPENED, (f"{FILE}/documents", EXPECTED))
RECEIVED: Final[Before] = (*AWAITED, (f"{DOCUMENT}/receive", VERSION, "author"))
IN_QC: Final[Before] = (*RECEIVED, (f"{DOCUMENT}/start-qc", STEP, "checker"))

TMF_WAYS: Final[Mapping[str, tuple[Any, Before]]] = {
    f"{FILE}/open": (STEP, ()),
    f"{FILE}/rules": ({"rules_version": 2, **STEP}, OPENED),
    f"{FILE}/documents": (EXPECTED, OPENED),
    f"{FILE}/lock": (STEP, OPENED),
    f"{FILE}/unlock": (STEP, (*OPENED, (f"{FILE}/lock", STEP))),
    f"{FILE}/exports": ({"specification_id": "agreed", **STEP}, OPENED),
    f"{FILE}/imports": (PACKAGE, OPENED),
    f"{DOCUMENT}/receive": (VERSION, AWAITED),
    f"{DOCUMENT}/start-qc": (STEP, RECEIVED),
    f"{DOCUMENT}/return": ({"findings": [{"code": "illegible"}], **STEP}, IN_QC),
    f"{DOCUMENT}/file": (STEP, IN_QC),
    f"{DOCUMENT}/waive": (STEP, AWAITED),
    f"{DOCUMENT}/release": (STEP, AWAITED),
}
ENTRIES_OF_IMPORT: Final = 3
"""It begins, its one document is there, it is complete."""
