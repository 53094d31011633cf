"""Field types that the sources' models share: texts, dates, words of a vocabulary."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

from kernel import DateOnly
from pydantic import AfterValidator, BeforeValidator

Word = TypeVar("Word", bound=str)


def none_if_blank(value: object) -> object:
    """Give None for a blank text, which means not reported, and anything else as it is."""
    return None if isinstance(value, str) and not value.strip() else value


def _sound(longest: int) -> Callable[[str], str]:
    """Refuse what the services would refuse, so that a record is refused whole and with its place."""

    def check(value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        if "\0" in value:
            raise ValueError("holds a null character: expected printable text")
        if len(value) > longest:
            raise ValueError(f"is {len(value)} characters long: expected {longest} at most")
        return value

    return check


def plain(value: str) -> str:
    """Give a word as vocabularies key it: `Active, not recruiting` is `ACTIVE_NOT_RECRUITING`."""
    return re.sub(r"[^A-Z0-9]+", "_", value.upper()).strip("_")


def word_of(vocabulary: Mapping[str, Word], what: str) -> Callable[[object], object]:
    """Give a validator that looks a word up and names the known ones when it is not among them.

    None goes through: a field that must be there refuses it by its own type.
    """

    def look_up(value: object) -> object:
        if value is None:
            return None
        found = vocabulary.get(plain(value)) if isinstance(value, str) else None
        if found is None:
            message = f"is no {what} we know: expected one of {', '.join(vocabulary)}"
            raise ValueError(message)
        return found

    return look_up


Text = Annotated[str, AfterValidator(_sound(2_000))]
"""A title, which must be there."""
Name = Annotated[str, AfterValidator(_sound(500))]
"""A name of something, which must be there."""
Code = Annotated[str, AfterValidator(_sound(100))]
"""A number or key that people gave, which must be there."""
OptionalName = Annotated[Name | None, BeforeValidator(none_if_blank)]
"""A name; blank means not reported."""
OptionalCode = Annotated[Code | None, BeforeValidator(none_if_blank)]
"""A number or key; blank means not reported."""
OptionalDate = Annotated[DateOnly | None, BeforeValidator(none_if_blank)]
"""A date in its own precision; blank means not reported."""
