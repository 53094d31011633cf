"""The cross-study timeline as the browser gets it: arrays in place of objects, codes told once and then numbered.

A study is `[study_id, label, protocol, title, sponsor, phase, status, [country…], [[kind, planned, actual]…], sites,
active_sites, enrolled, planned_enrolment]`; sponsor, phase, status, country and kind are places in the lists of the
same name. Dates are business times with their own precision.
"""

import gzip
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from chassis import clock
from chassis.mongo import Database
from chassis.scope import Scope

from reporting import queries
from reporting.portal import wording
from reporting.portal.choices import countries_of
from reporting.queries.answers import Study
from reporting.queries.filters import StudyFilter

GZIP_LEVEL: Final = 4
ETAG_CHARACTERS: Final = 32


class Numbered(dict[str | None, int]):
    """Codes by the place at which they were first met."""

    def place(self, code: str | None) -> int:
        """The place of a code, a new one at the end."""
        return self.setdefault(code, len(self))


async def timeline_document(database: Database, scope: Scope) -> bytes:
    """All studies of the scope as JSON text."""
    studies = await queries.every_study(database, scope, StudyFilter.model_validate({}))
    return orjson.dumps(document_of(studies, await countries_of(database, scope)))


def document_of(studies: Sequence[Study], countries: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The document that the browser reads."""
    lists = {name: Numbered() for name in ("sponsors", "phases", "statuses", "countries", "kinds")}
    names = {one.sponsor.id: one.sponsor.name for one in studies}
    rows = [_row(one, countries.get(one.study_id, ()), lists) for one in studies]
    return {
        "today": clock.now().date().isoformat(),
        **{name: list(codes) for name, codes in lists.items()},
        "sponsor_names": [names[str(code)] for code in lists["sponsors"]],
        "words": _words(lists[name] for name in ("phases", "statuses", "kinds")),
        "tones": {code: wording.tone(code) for code in lists["statuses"]},
        "studies": rows,
    }


def tag_of(document: bytes) -> str:
    """The strong entity tag of a document."""
    return f'"{hashlib.sha256(document).hexdigest()[:ETAG_CHARACTERS]}"'


def packed(document: bytes) -> bytes:
    """The document compressed for the way."""
    return gzip.compress(document, GZIP_LEVEL, mtime=0)


def _row(study: Study, countries: Sequence[str], lists: Mapping[str, Numbered]) -> list[Any]:
    kinds = lists["kinds"]
    return [
        study.study_id,
        study.registry_ids[0] if study.registry_ids else study.protocol_number,
        study.protocol_number,
        study.title,
        lists["sponsors"].place(study.sponsor.id),
        lists["phases"].place(study.phase),
        lists["statuses"].place(study.status),
        [lists["countries"].place(code) for code in countries],
        [[kinds.place(one.kind), one.planned, one.actual] for one in study.milestones],
        study.counts.sites,
        study.counts.active_sites,
        study.counts.enrolled,
        study.planned_enrolment,
    ]


def _words(lists: Iterable[Numbered]) -> dict[str, str]:
    return {code: wording.words(code) for codes in lists for code in codes if code is not None}
