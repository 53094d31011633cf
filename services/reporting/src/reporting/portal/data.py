"""The portal's own JSON: the timeline's data, scoped to the caller, with an entity tag."""

from typing import Annotated

from chassis.auth import Caller
from chassis.mongo import Database
from fastapi import APIRouter, Header, Response
from starlette.concurrency import run_in_threadpool

from reporting.portal.timeline_data import packed, tag_of, timeline_document

ASK_EACH_TIME = "private, no-cache"


def router(database: Database) -> APIRouter:
    """The route /portal/timeline.json."""
    routes = APIRouter(prefix="/portal", include_in_schema=False)

    @routes.get("/timeline.json")
    async def read_timeline_data(
        caller: Caller,
        if_none_match: Annotated[str | None, Header()] = None,
        accept_encoding: Annotated[str, Header()] = "",
    ) -> Response:
        """Every study that the caller may see, for the chart."""
        document = await timeline_document(database, caller.scope)
        headers = {"ETag": tag_of(document), "Cache-Control": ASK_EACH_TIME, "Vary": "Authorization, Cookie"}
        if if_none_match == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if "gzip" in accept_encoding:
            headers |= {"Content-Encoding": "gzip", "Vary": f"{headers['Vary']}, Accept-Encoding"}
            document = await run_in_threadpool(packed, document)
        return Response(document, media_type="application/json", headers=headers)

    return routes
