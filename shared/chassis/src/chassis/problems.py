"""Errors as RFC 9457 problem documents: what is wrong, what was expected, nothing about the inside.

Every document carries the request id, so that a user's report can be found in the logs.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kernel import Reason, Refused
from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.types import Scope as AsgiScope

PROBLEM_JSON = "application/problem+json"
ERRORS_MAX = 100
FIELDS_NAMED_MAX = 20
Translation = Callable[[Any], "Problem"]
_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong input: `field` is dotted (`milestones.0.kind`), `place` is body, query, path or header."""

    field: str
    detail: str
    expected: str
    place: str = "body"


class Problem(Exception):  # noqa: N818 - the name RFC 9457 gives it
    """An answer that is not a success. `code` is stable and ends the problem's type: `/problems/<code>`."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: JsonValue,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = members

    def document(self, request_id: str) -> dict[str, JsonValue]:
        """Give the members of the problem document."""
        document: dict[str, JsonValue] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.errors:
            document["errors"] = [_error_member(error) for error in self.errors]
        return document | self.members


class Unavailable(Problem):
    """A part that the service needs does not answer: 503 with the time after which to try again."""

    def __init__(self, detail: str, retry_after_seconds: int = 5) -> None:
        super().__init__(503, "unavailable", detail, headers={"Retry-After": str(retry_after_seconds)})


def not_found(kind: str, identifier: str) -> Problem:
    """Give the one answer for what does not exist and for what the caller may not see."""
    return Problem(404, "not_found", f"There is no {kind} {identifier} that you may see.")


def stale(current_version: int) -> Problem:
    """Give the answer to an If-Match that names an older version."""
    detail = f"The object has changed: it is at version {current_version} now. Read it again and retry."
    return Problem(412, "stale", detail, current_version=current_version)


def key_reused() -> Problem:
    """Give the answer to an Idempotency-Key that came before with another request."""
    detail = "This Idempotency-Key was already used for another request. Send a new key for a new request."
    return Problem(422, "idempotency_key_reused", detail)


def request_id_of(scope: AsgiScope) -> str:
    """Give the id of the request, which the middleware put there."""
    return str(scope.get("state", {}).get("request_id", ""))


def response_to(problem: Problem, scope: AsgiScope) -> JSONResponse:
    """Render a problem as the answer to the request of this ASGI scope."""
    return JSONResponse(
        problem.document(request_id_of(scope)),
        status_code=problem.status,
        headers=problem.headers,
        media_type=PROBLEM_JSON,
    )


def unexpected(error: Exception) -> Problem:
    """Log an error nobody foresaw, with its request id, and give an answer without internals."""
    _log.error("request failed", exc_info=error)
    return Problem(500, "internal", "The service failed on this request. Report the request_id to its operators.")


def install(app: FastAPI, translations: Mapping[type[Exception], Translation]) -> None:
    """Make the app answer problems. `translations` add a service's own exceptions, each with its problem."""
    known: dict[type[Exception], Translation] = {
        Problem: lambda problem: problem,
        Refused: refusal,
        RequestValidationError: invalid_request,
        HTTPException: _http_problem,
        **translations,
    }
    for kind, translate in known.items():
        app.add_exception_handler(kind, _handler(translate))


def refusal(refused: Refused) -> Problem:
    """Give a business rule's refusal with every unmet reason at once."""
    reasons: list[JsonValue] = [_reason_member(reason) for reason in refused.reasons]
    detail = " ".join(reason.detail for reason in refused.reasons) or "A rule does not allow this."
    return Problem(409, "refused", detail, title="Refused by a rule", reasons=reasons)


def invalid_request(invalid: RequestValidationError) -> Problem:
    """Name every wrong input and what was expected; the input itself is not repeated."""
    found = invalid.errors()
    errors = [field_error(error) for error in found[:ERRORS_MAX]]
    fields = ", ".join(error.field for error in errors[:FIELDS_NAMED_MAX])
    more = f" and {len(found) - FIELDS_NAMED_MAX} more" if len(found) > FIELDS_NAMED_MAX else ""
    return Problem(422, "invalid", f"The request is not valid: see {fields}{more}.", errors=errors)


def _handler(translate: Translation) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def handle(request: Request, error: Exception) -> JSONResponse:
        return response_to(translate(error), request.scope)

    return handle


def _http_problem(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else status.description or status.phrase
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    return Problem(status, code, detail, headers=error.headers)


def _error_member(error: FieldError) -> JsonValue:
    return {"in": error.place, "field": error.field, "detail": error.detail, "expected": error.expected}


def _reason_member(reason: Reason) -> JsonValue:
    member: dict[str, JsonValue] = {"code": reason.code, "detail": reason.detail}
    return member if reason.field is None else member | {"field": reason.field}


def field_error(error: Mapping[str, Any]) -> FieldError:
    """Say of one of pydantic's findings, whose `loc` begins with the place, what is wrong and what was expected."""
    place, *path = (str(part) for part in error["loc"])
    kind, message = str(error["type"]), str(error["msg"])
    field = ".".join(path) or place
    match kind:
        case "missing":
            return FieldError(field, "is missing", "a value", place)
        case "extra_forbidden":
            return FieldError(field, "is not a field of this request", "only documented fields", place)
        case "json_invalid":
            return FieldError(place, f"is not JSON (at character {path[0]})", "a JSON document", place)
        case "value_error" | "assertion_error":
            detail = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
            return FieldError(field, detail, "a value that keeps this rule", place)
        case _:
            return FieldError(field, "is not acceptable", message.removeprefix("Input should be "), place)
