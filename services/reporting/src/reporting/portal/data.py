"""The portal's own JSON, scoped to the caller: the timeline's data, and how busy the studies in sight were."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final

from chassis.http.auth import Caller
from chassis.mongo import Database
from fastapi import APIRouter, Header, Query, Response
from starlette.concurrency import run_in_threadpool

from reporting.portal.activity import STUDIES_MAX, Months, activity
from reporting.portal.recent import Recent
from reporting.portal.timeline_data import packed, tag_of, timeline_document

ASK_EACH_TIME: Final = "private, no-cache"


def router(database: Database, pinned: Sequence[Any]) -> APIRouter:
    """The routes /portal/timeline.json and /portal/activity.json."""
    routes = APIRouter(prefix="/portal", include_in_schema=False, dependencies=pinned)
    documents = Recent(partial(timeline_document, database))

    @routes.get("/timeline.json")
    async def read_timeline_data(
        caller: Caller,
        if_none_match: Annotated[str | None, Header()] = None,
        accept_encoding: Annotated[str, Header()] = "",
    ) -> Response:
        """Every study that the caller may see, for the chart."""
        document = await documents.of(caller.scope)
        headers = {"ETag": tag_of(document), "Cache-Control": ASK_EACH_TIME, "Vary": "Authorization, Cookie"}
        if if_none_match == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if "gzip" in accept_encoding:
            headers |= {"Content-Encoding": "gzip", "Vary": f"{headers['Vary']}, Accept-Encoding"}
            document = await run_in_threadpool(packed, document)
        return Response(document, media_type="application/json", headers=headers)

    @routes.get("/activity.json")
    async def read_activity(
        caller: Caller, study: Annotated[list[str], Query(min_length=1, max_length=STUDIES_MAX)]
    ) -> dict[str, Months]:
        """Sites activated and subjects enrolled a month, by study."""
        return await activity(database, caller.scope, study)

    return routes
