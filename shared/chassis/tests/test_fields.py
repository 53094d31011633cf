"""What request bodies are made of: texts are stripped and bounded, and what is not known is refused."""

from typing import Any

import pytest
from chassis.http.fields import (
    CODE_CHARACTERS_MAX,
    Code,
    CountryCode,
    Identifier,
    Name,
    StepRequest,
    Text,
    condition_of,
)
from pydantic import TypeAdapter, ValidationError


class Asked(StepRequest):
    """A step with a code."""

    code: Code


BODY = {"occurred_at": "2022-02", "code": "ONC-301"}


@pytest.mark.parametrize(("kind", "longest"), [(Text, 2_000), (Name, 500), (Code, CODE_CHARACTERS_MAX)])
def test_a_text_may_be_as_long_as_its_kind_allows_and_no_longer(kind: Any, longest: int) -> None:
    text = TypeAdapter(kind)
    assert text.validate_python("x" * longest) == "x" * longest
    for wrong in ("x" * (longest + 1), "", "   ", "a\x00b"):
        with pytest.raises(ValidationError):
            text.validate_python(wrong)


def test_space_around_a_text_is_left_out() -> None:
    assert Asked.model_validate({**BODY, "code": " ONC-301\n"}).code == "ONC-301"


@pytest.mark.parametrize(
    ("kind", "wrong"), [(CountryCode, "de"), (CountryCode, "DEU"), (Identifier, "1"), (Identifier, "X" * 36)]
)
def test_what_has_a_form_is_refused_in_another(kind: Any, wrong: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(wrong)


def test_a_field_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="surname"):
        Asked.model_validate({**BODY, "surname": "x"})


def test_a_filter_that_is_not_given_asks_for_nothing() -> None:
    assert condition_of({"study": "s1", "state.site_id": None}) == {"study": "s1"}
