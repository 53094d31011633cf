"""The trail as a page: one self-contained HTML file, readable in any browser and on paper."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

from chassis.trail.audit import Manifest, Trail

PAGE_FILE: Final = "index.html"
HASH_DIGITS_SHOWN: Final = 12


def page_of(manifest: Manifest, trails: Sequence[Trail]) -> str:
    """The page of all services' entries, in the order in which they were recorded."""
    template = Template((files("studyline") / "audit_page.html").read_text())
    rows = [(entry, trail.service, sealed) for trail in trails for entry, sealed in _sealed(trail)]
    rows.sort(key=lambda row: (_instant(row[0]["recorded_at"]), row[0]["version"]["after"]))
    checkpoints = "".join(f"<li>{escape(_standing(trail))}</li>" for trail in trails)
    return template.substitute(
        study=escape(manifest.study),
        exported_at=escape(manifest.exported_at),
        count=f"{len(rows):,}",
        checkpoints=checkpoints,
        rows="\n".join(_row(*row) for row in rows),
    )


def _sealed(trail: Trail) -> list[tuple[Mapping[str, Any], int | None]]:
    numbers = {proof.entry: proof.checkpoint for proof in trail.proofs}
    return [(entry, numbers.get(entry["_id"])) for entry in trail.entries]


def _standing(trail: Trail) -> str:
    if not trail.checkpoints:
        return f"{trail.service}: nothing sealed yet"
    last = trail.checkpoints[-1].checkpoint
    return f"{trail.service}: {len(trail.proofs):,} entries sealed, checkpoint {last.number} of {last.sealed_at}"


def _row(entry: Mapping[str, Any], service: str, sealed: int | None) -> str:
    actor, version = entry["actor"], entry["version"]
    cells = (
        escape(_instant(entry["recorded_at"])),
        escape(str(entry["occurred_at"] or "")),
        f"{escape(actor['id'])}<small>{escape(', '.join(actor['roles']))}</small>",
        f"{service}<small>{escape(entry['aggregate']['type'])} {escape(entry['aggregate']['id'])}</small>",
        f"{version['before']} → {version['after']}",
        "".join(_event(event) for event in entry["events"]),
        escape(entry["reason"] or ""),
        escape(entry["provenance"]),
        f"{sealed or 'waits'}<small>{escape(entry['hash'][:HASH_DIGITS_SHOWN])}</small>",
    )
    return f'<tr id="{escape(entry["_id"])}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _event(event: Mapping[str, Any]) -> str:
    facts = {name: value for name, value in event.items() if name != "type"}
    told = escape(json.dumps(facts, ensure_ascii=False, indent=1))
    return f"<details><summary>{escape(event['type'])}</summary><pre>{told}</pre></details>"


def _instant(value: datetime | str) -> str:
    return value if isinstance(value, str) else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
