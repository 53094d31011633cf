"""What a study site's activation needs and has."""

from typing import Any

from chassis.http.reading import one
from chassis.mongo import Database, Document
from chassis.scope import Scope

from sites.domain.activation import REQUIRED
from sites.handlers.study_sites import evidence_for
from sites.store import EVIDENCE, STUDY_SITES


async def readiness(database: Database, scope: Scope, site_id: str) -> dict[str, Any]:
    """What a site's activation needs and what is there, with the event each piece was learned from."""
    site = (await one(database, scope, STUDY_SITES, site_id))["state"]
    condition = evidence_for(site["study_id"], site_id, site["country"])
    found = [document["state"] for document in await database.collection(EVIDENCE.collection).find(scope, condition)]
    items = [{"requirement": kind, "evidence": _of_kind(found, kind)} for kind in REQUIRED]
    return {"site_id": site_id, "status": site["status"], "items": items}


def _of_kind(found: list[Document], kind: str) -> list[dict[str, Any]]:
    of_kind = [one for one in found if one["kind"] == kind]
    return [{name: one[name] for name in ("event_id", "since", "expires_on")} for one in of_kind]
