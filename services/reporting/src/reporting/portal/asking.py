"""What a page was asked for: filters as a form sends them, and the addresses that keep them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from chassis.http.paging import PageRequest
from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from reporting.queries.filters import StudyFilter

STUDIES_ON_A_PAGE: Final = 50
SITES_ON_A_PAGE: Final = 50
ROWS_ON_A_BOARD: Final = 50
FIELDS: Final = ("q", "sponsor", "country", "phase", "status")

Filter = TypeVar("Filter", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters of a page of studies; `view` is table where the dates are wanted as a table."""

    studies: StudyFilter
    view: str | None

    def address(self, path: str, **more: str | None) -> str:
        """The address of a page with the same filters and, besides, with these parameters."""
        chosen = {**self.studies.model_dump(include=set(FIELDS)), "view": self.view, **more}
        query = urlencode({name: value for name, value in chosen.items() if value is not None})
        return f"{path}?{query}" if query else path

    def form(self) -> Mapping[str, Any]:
        """What the filter form shows as chosen."""
        return {**self.studies.model_dump(include=set(FIELDS)), "view": self.view}


def asked(request: Request) -> Asked:
    """FastAPI dependency: the filters; a field left empty in the form is no filter. Raises the 422 problem."""
    studies = _given(request, StudyFilter, FIELDS)
    return Asked(studies, "table" if request.query_params.get("view") == "table" else None)


def filter_of(model: type[Filter]) -> Callable[[Request], Filter]:
    """A FastAPI dependency: a board's filter from a form, with the fields of its model."""

    def given(request: Request) -> Filter:
        return _given(request, model, model.model_fields)

    return given


def address_of(path: str, asked: BaseModel, **more: str | None) -> str:
    """The address of a page with what was asked for and, besides, with these parameters."""
    chosen = {**asked.model_dump(exclude_defaults=True), **more}
    query = urlencode({name: value for name, value in chosen.items() if value is not None})
    return f"{path}?{query}" if query else path


def _given(request: Request, model: type[Filter], fields: Iterable[str]) -> Filter:
    named = set(fields)
    given = {name: value for name, value in request.query_params.items() if name in named and value.strip()}
    try:
        return model.model_validate(given)
    except ValidationError as invalid:
        errors = [{**error, "loc": ("query", *error["loc"])} for error in invalid.errors()]
        raise RequestValidationError(errors) from None


Filters = Annotated[Asked, Depends(asked)]
Cursor = Annotated[str | None, Query(max_length=2_048)]


def page_of(limit: int, cursor: str | None) -> PageRequest:
    """The page that a cursor names; an empty one names the first."""
    return PageRequest(limit=limit, cursor=cursor or None)
