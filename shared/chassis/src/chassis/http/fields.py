"""The types of which services build their request bodies: unknown fields are refused, texts are bounded.

Every text is stripped, is not empty, and has no NUL character.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Query
from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, StringConstraints

CODE_CHARACTERS_MAX: Final = 200

_NO_NUL: Final = r"^[^\x00]*$"

Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True, pattern=_NO_NUL)]
"""A title, a reason, a condition."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=_NO_NUL)]
"""What a sponsor, a place, a visit or a document is called."""
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=CODE_CHARACTERS_MAX, strip_whitespace=True, pattern=_NO_NUL)
]
"""A number or key given elsewhere: protocol number, registry id, a subject's pseudonym, a record's key."""
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
"""An id that the platform gave: a UUID in its usual form."""
Given = Annotated[str | None, Query(max_length=CODE_CHARACTERS_MAX)]
"""A filter of a list, where one is given."""


class Request(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepRequest(Request):
    """A step that happened: when, and why where a reason is due."""

    occurred_at: BusinessTime
    reason: Text | None = None


def condition_of(asked: Mapping[str, str | None]) -> dict[str, str]:
    """The condition on stored documents that a list's filters ask for; None asks for nothing."""
    return {field: value for field, value in asked.items() if value is not None}
