"""The canonical hash of a generation: equal where two generations would answer every question alike.

Documents by their ids as canonical JSON (sorted keys, no spaces, instants as ISO 8601), without what tells only how
they came in: when an entry was stored, and how often a study was counted.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from chassis.mongo import Database
from chassis.scope import Scope

LEFT_OUT: Final = frozenset({"stored_at", "revision"})
PAGE: Final = 2_000


async def canonical_hashes(database: Database, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each collection in hexadecimal. Order of arrival and of insertion do not matter."""
    return {name: await _hash_of(database, name) for name in sorted(names)}


async def _hash_of(database: Database, name: str) -> str:
    digest, after = hashlib.sha256(), ""
    while True:
        page = await database.collection(name).find(
            Scope.everything(), {"_id": {"$gt": after}}, sort=[("_id", 1)], limit=PAGE
        )
        for one in page:
            digest.update(_canonical(one))
        if len(page) < PAGE:
            return digest.hexdigest()
        after = page[-1]["_id"]


def _canonical(document: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in document.items() if name not in LEFT_OUT}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
