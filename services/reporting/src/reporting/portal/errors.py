"""Errors on pages are pages: the same problems as the interfaces', told in HTML."""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from chassis.mongo import PyMongoError
from chassis.problems import Problem, Unavailable, invalid_request, request_id_of, unexpected
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from reporting.portal.rendering import Renderer

UNAUTHENTICATED: Final = 401
SIGN_IN_FIRST: Final = "This page shows studies to those who may see them. Sign in, and you come back to it."
TITLES: Final = {
    400: "That request cannot be read",
    401: "You are not signed in",
    403: "That is not allowed",
    404: "There is no such page",
    422: "That request is not valid",
    500: "Something went wrong here",
    502: "The identity provider did not answer as expected",
    503: "Not available right now",
}


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
                return error_page(self.renderer, request, problem_of(error))

        return answer


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return invalid_request(error)
        case HTTPException():
            return Problem(error.status_code, "http", str(error.detail))
        case PyMongoError():
            return Unavailable("The database does not answer. Try again shortly.")
        case _:
            return unexpected(error)


def error_page(renderer: Renderer, request: Request, problem: Problem) -> Response:
    """The page that tells a problem; a 401 leads to the sign-in and back."""
    values: dict[str, Any] = {
        "status": problem.status,
        "title": TITLES.get(problem.status, problem.title),
        "detail": SIGN_IN_FIRST if problem.status == UNAUTHENTICATED else problem.detail,
        "errors": problem.errors,
        "request_id": request_id_of(request.scope),
    }
    return renderer.page(request, "error.html", values, status=problem.status, headers=problem.headers)
