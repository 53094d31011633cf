"""Failures on pages are pages: told plainly, without internals."""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from chassis.mongo import PyMongoError
from chassis.problems import Problem, Unavailable, unexpected
from fastapi import Request, Response
from fastapi.routing import APIRoute

from sites.portal.rendering import Renderer

AWAY = "The questionnaire cannot be reached right now. What was saved is kept: try again in a minute."


def page_route(renderer: Renderer) -> type[APIRoute]:
    """The class of routes that answer pages, also where they fail."""
    return type("PageRouteHere", (PageRoute,), {"renderer": renderer})


class PageRoute(APIRoute):
    """A route whose every failure is told as a page."""

    renderer: ClassVar[Renderer]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, with every failure told as a page."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:  # noqa: BLE001 - what nobody foresaw is logged and told without internals
                problem = _problem_of(error)
                values = {"title": problem.title, "detail": problem.detail}
                return self.renderer.page("message.html", values, status=problem.status, headers=problem.headers)

        return answer


def _problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case PyMongoError():
            return Unavailable(AWAY)
        case _:
            return unexpected(error)
