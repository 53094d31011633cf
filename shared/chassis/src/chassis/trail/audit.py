"""One study's trail as files that anybody can verify without a database: entries, proofs, checkpoints.

A folder holds for each service the study's journal entries (`journal.ndjson`), for each sealed one the path to the
root of its checkpoint (`proofs.ndjson`), the signed checkpoints (`checkpoints.ndjson`), and the proof of how many
entries the study has had (`total.json`), so that a shortened trail shows. Nothing tells of another study's entries.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from chassis.seal_keys import PublicKeys
from chassis.trail.checkpoints import Leaf, SealedCheckpoint, SignedCheckpoint, study_leaves
from chassis.trail.findings import Finding, Report, in_order
from chassis.trail.merkle import is_proven, path_of
from chassis.trail.verifying import Place, Verification, check_checkpoints

JOURNAL_FILE: Final = "journal.ndjson"
PROOFS_FILE: Final = "proofs.ndjson"
CHECKPOINTS_FILE: Final = "checkpoints.ndjson"
TOTAL_FILE: Final = "total.json"
MANIFEST_FILE: Final = "manifest.json"
_ENTRY: Final = TypeAdapter(dict[str, Any])


class BundleError(Exception):
    """The exported folder cannot be read; the sentence says where and what was expected."""


class Manifest(BaseModel):
    """What a folder claims to be. Nothing in it is believed without proof."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    study: str
    exported_at: str
    services: tuple[str, ...]


class Proof(BaseModel):
    """An entry's place in a checkpoint, and the path from it to the root."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry: str
    hash: str
    checkpoint: int
    index: int
    path: tuple[str, ...]


class Total(BaseModel):
    """How many sealed entries the study has, and the path to the root of all studies in the last checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    total: int
    index: int
    path: tuple[str, ...]


@dataclass(frozen=True)
class Trail:
    """One service's part of a study's trail."""

    service: str
    study: str
    entries: Sequence[Mapping[str, Any]]
    proofs: Sequence[Proof]
    checkpoints: Sequence[SignedCheckpoint]
    total: Total | None

    @classmethod
    def of(
        cls, service: str, study: str, entries: Sequence[Mapping[str, Any]], chain: Sequence[SealedCheckpoint]
    ) -> "Trail":
        """Drawn from the entries and the whole checkpoints."""
        proofs = [proof for record in chain for proof in _proofs(record, study)]
        statements = [record.without_leaves() for record in chain]
        return cls(service, study, entries, proofs, statements, _total(study, chain))

    def write(self, folder: Path) -> None:
        """Write the four files."""
        folder.mkdir(parents=True, exist_ok=True)
        entries = (orjson.dumps(one, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z) for one in self.entries)
        _write_lines(folder / JOURNAL_FILE, entries)
        _write_lines(folder / PROOFS_FILE, (one.model_dump_json().encode() for one in self.proofs))
        _write_lines(folder / CHECKPOINTS_FILE, (one.model_dump_json().encode() for one in self.checkpoints))
        if self.total is not None:
            (folder / TOTAL_FILE).write_text(self.total.model_dump_json())

    @classmethod
    def read(cls, service: str, study: str, folder: Path) -> "Trail":
        """Read the four files. Raises BundleError."""
        total = folder / TOTAL_FILE
        return cls(
            service,
            study,
            [_as_entry(line, where) for line, where in _lines(folder / JOURNAL_FILE)],
            [_parsed(Proof, line, where) for line, where in _lines(folder / PROOFS_FILE)],
            [_parsed(SignedCheckpoint, line, where) for line, where in _lines(folder / CHECKPOINTS_FILE)],
            _parsed(Total, total.read_bytes(), str(total)) if total.exists() else None,
        )

    def verify(self, keys: PublicKeys) -> Report:
        """Check it against the public keys alone."""
        chain, findings = check_checkpoints(self.service, self.checkpoints, keys)
        places, flaws = _proven(self.study, self.proofs, {one.checkpoint.number: one for one in chain})
        verification = Verification(self.service, chain, places)
        for entry in self.entries:
            verification.take(entry)
            if entry.get("study") != self.study:
                flaws.append(Finding("foreign", "it belongs to another study", entry=str(entry.get("_id"))))
        report = verification.finish()
        found = [*findings, *flaws, *_flaws_of_total(self, chain, len(places)), *report.findings]
        return Report(self.service, report.checkpoints, report.entries, report.sealed, report.newest, in_order(found))


def read_manifest(folder: Path) -> Manifest:
    """What the folder claims to be. Raises BundleError."""
    file = folder / MANIFEST_FILE
    if not file.exists():
        raise BundleError(f"{folder} holds no {MANIFEST_FILE}: name a folder that `studyline audit export` wrote")
    return _parsed(Manifest, file.read_bytes(), str(file))


def _proofs(record: SealedCheckpoint, study: str) -> Iterator[Proof]:
    digests = [leaf.digest for leaf in record.leaves]
    for index, leaf in enumerate(record.leaves):
        if leaf.study == study:
            path = tuple(step.hex() for step in path_of(digests, index))
            number = record.checkpoint.number
            yield Proof(entry=leaf.entry, hash=leaf.hash, checkpoint=number, index=index, path=path)


def _total(study: str, chain: Sequence[SealedCheckpoint]) -> Total | None:
    totals: dict[str, int] = {}
    for record in chain:
        for leaf in record.leaves:
            totals[leaf.study] = totals.get(leaf.study, 0) + 1
    if study not in totals:
        return None
    leaves = study_leaves(totals)
    index = list(leaves).index(study)
    path = path_of(list(leaves.values()), index)
    return Total(total=totals[study], index=index, path=tuple(step.hex() for step in path))


def _proven(
    study: str, proofs: Iterable[Proof], chain: Mapping[int, SignedCheckpoint]
) -> tuple[dict[str, Place], list[Finding]]:
    places: dict[str, Place] = {}
    findings: list[Finding] = []
    for proof in proofs:
        leaf, record = Leaf(proof.entry, proof.hash, study), chain.get(proof.checkpoint)
        at = (proof.checkpoint, proof.index)
        if record is None or not _leads(
            leaf.digest, proof.index, record.checkpoint.count, proof.path, record.checkpoint.root
        ):
            findings.append(Finding("unproven", "its proof does not lead to a checkpoint", entry=proof.entry, place=at))
        elif proof.entry in places:
            findings.append(Finding("sealed_twice", "there are two proofs of it", entry=proof.entry, place=at))
        else:
            places[proof.entry] = Place(proof.checkpoint, proof.index, leaf)
    return places, findings


def _flaws_of_total(trail: Trail, chain: Sequence[SignedCheckpoint], proven: int) -> Iterator[Finding]:
    """The study's total, proven by the last checkpoint, must be the number of proven entries."""
    if trail.total is None:
        if proven or trail.entries:
            yield Finding("total_missing", f"{TOTAL_FILE} is missing, so that nobody can say whether entries are")
        return
    leaf = study_leaves({trail.study: trail.total.total})[trail.study]
    last = chain[-1].checkpoint if chain else None
    if last is None or not _leads(leaf, trail.total.index, last.studies_count, trail.total.path, last.studies):
        yield Finding("unproven", f"the total in {TOTAL_FILE} does not lead to the last checkpoint", place=(0, 0))
    elif trail.total.total != proven:
        detail = f"{trail.total.total} entries of the study are sealed, {proven} are proven here"
        yield Finding("shortened", detail, place=(0, 0))


def _leads(leaf: bytes, index: int, count: int, path: Sequence[str], root: str) -> bool:
    try:
        steps = [bytes.fromhex(step) for step in path]
    except ValueError:
        return False
    return is_proven(leaf, index, count, steps, bytes.fromhex(root))


def _write_lines(file: Path, lines: Iterable[bytes]) -> None:
    with file.open("wb") as out:
        out.writelines(line + b"\n" for line in lines)


def _lines(file: Path) -> Iterator[tuple[bytes, str]]:
    if not file.exists():
        raise BundleError(f"{file} is missing: the folder is not what `studyline audit export` wrote")
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        yield line, f"line {number} of {file}"


def _as_entry(line: bytes, where: str) -> Mapping[str, Any]:
    try:
        return _ENTRY.validate_json(line)
    except ValidationError as error:
        raise BundleError(f"{where} is no journal entry: expected a JSON object") from error


def _parsed(model: type[Any], text: bytes, where: str) -> Any:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        name = model.__name__.lower()
        raise BundleError(f"{where} is no {name} ({error.error_count()} errors): the folder was changed") from error
