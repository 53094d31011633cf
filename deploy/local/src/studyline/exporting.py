"""Exporting a study's audit trail: files that prove themselves, and a page that people can read."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from chassis import clock
from chassis.trail.anchors import AnchorError
from chassis.trail.audit import MANIFEST_FILE, Manifest, Trail
from chassis.trail.inspecting import MovingJournalError, trail_of

from studyline.audit_page import PAGE_FILE, page_of
from studyline.errors import StackError
from studyline.inspection import Source, stack_source
from studyline.paths import Layout
from studyline.seals import SEALED
from studyline.state import load_ready_state


def export_study(layout: Layout, study: str, out: Path) -> int:
    """Write the folder; how many entries there are. Raises StackError where it is there, or the study is nowhere."""
    if out.exists():
        raise StackError(f"{out} exists already: name a folder that is not there yet")
    state = load_ready_state(layout)
    trails = asyncio.run(_trails([stack_source(layout, state, service) for service in SEALED], study))
    if not any(trail.entries for trail in trails):
        raise StackError(f"No service has a journal entry of study {study}: take the id from `GET /v1/studies`")
    out.mkdir(parents=True)
    for trail in trails:
        trail.write(out / trail.service)
    manifest = Manifest(study=study, exported_at=clock.now().isoformat(), services=SEALED)
    (out / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=1))
    (out / PAGE_FILE).write_text(page_of(manifest, trails))
    return sum(len(trail.entries) for trail in trails)


async def _trails(sources: Sequence[Source], study: str) -> list[Trail]:
    trails: list[Trail] = []
    for source in sources:
        try:
            trails.append(await trail_of(source.service, source.database, source.anchor, study))
        except (AnchorError, MovingJournalError) as error:
            raise StackError(str(error)) from error
        finally:
            source.database.close()
    return trails
