"""Make the bundled portfolio from collected extracts: the same file forms, trimmed to what the importers read.

    uv run python deploy/portfolio/build.py EXTRACTS

EXTRACTS holds `ctgov/studies.ndjson.gz` and `ctms/*/*.csv[.gz]`. What is written depends on nothing else: the same
extracts give the same bytes. README.md says where the extracts come from and under which licences.
"""

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from studyline.importing import ctms_rows as rows
from studyline.importing.tables import Row

HERE = Path(__file__).parent
GZIPPED_FROM_BYTES = 100_000

Kept = Mapping[str, "Kept | None"]
"""Which members of an object stay, and which of theirs; None: the value as it is."""
DATE: Kept = {"date": None, "type": None}
RECORD: Kept = {
    "protocolSection": {
        "identificationModule": {
            "nctId": None,
            "nctIdAliases": None,
            "orgStudyIdInfo": {"id": None},
            "secondaryIdInfos": {"id": None},
            "briefTitle": None,
        },
        "statusModule": {
            "overallStatus": None,
            "studyFirstSubmitDate": None,
            "startDateStruct": DATE,
            "primaryCompletionDateStruct": DATE,
            "completionDateStruct": DATE,
            "resultsFirstPostDateStruct": DATE,
            "lastUpdateSubmitDate": None,
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": None}},
        "designModule": {"phases": None, "enrollmentInfo": {"count": None}},
        "contactsLocationsModule": {
            "locations": {
                "facility": None,
                "city": None,
                "state": None,
                "zip": None,
                "country": None,
                "status": None,
            }
        },
    }
}
TABLES: Mapping[str, type[Row]] = {
    "ctms_study": rows.StudyRow,
    "ctms_site": rows.SiteRow,
    "ctms_protdev": rows.DeviationRow,
    "rawplus_enroll": rows.EnrolmentRow,
    "rawplus_consent": rows.ConsentRow,
    "rawplus_ixrsrand": rows.RandomisationRow,
    "rawplus_studcomp": rows.CompletionRow,
    "rawplus_dm": rows.DemographyRow,
    "rawplus_visdt": rows.VisitRow,
    "rawplus_ae": rows.AdverseEventRow,
}


def trimmed(value: object, kept: Kept | None) -> object:
    """A value with those members alone that are kept; of a list, each item so."""
    if kept is None:
        return value
    if isinstance(value, list):
        return [trimmed(item, kept) for item in cast("list[object]", value)]
    members = cast("dict[str, object]", value)
    return {name: trimmed(members[name], inner) for name, inner in kept.items() if name in members}


def trimmed_records(path: Path) -> Iterator[bytes]:
    """The registry's records, one a line."""
    with gzip.open(path, "rb") as file:
        for line in file:
            record = trimmed(json.loads(line), RECORD)
            yield json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def trimmed_table(directory: Path, name: str, shape: type[Row]) -> bytes:
    """A table with those columns alone that the importer reads."""
    path = next(directory.glob(f"{name}.csv*"))
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, tuple(shape.model_fields), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    return out.getvalue().encode()


def write(path: Path, content: bytes) -> None:
    """Write a file, gzipped where its name says so, always the same bytes for the same content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, compresslevel=9, mtime=0) if path.suffix == ".gz" else content)
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def build(extracts: Path, target: Path = HERE) -> None:
    """Write the whole portfolio."""
    write(target / "ctgov.ndjson.gz", b"".join(trimmed_records(extracts / "ctgov" / "studies.ndjson.gz")))
    directory = next(path.parent for path in sorted(extracts.glob("ctms/*/ctms_study.csv*")))
    for name, shape in TABLES.items():
        content = trimmed_table(directory, name, shape)
        suffix = ".csv.gz" if len(content) >= GZIPPED_FROM_BYTES else ".csv"
        write(target / "ctms" / f"{name}{suffix}", content)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "ctgov" / "studies.ndjson.gz").is_file():  # noqa: PLR2004
        sys.exit("Name the directory with the extracts: expected ctgov/studies.ndjson.gz and ctms/ in it.")
    build(Path(sys.argv[1]))
