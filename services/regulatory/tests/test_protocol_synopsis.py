"""A protocol's synopsis is data that others can point at: whole, without contradiction, by the study's own codes."""

from typing import Any

import pytest
from pydantic import ValidationError
from regulatory.domain.protocol_synopsis import Synopsis, Visit, flaws, gaps
from told_documents import SYNOPSIS

OBJECTIVE = {"id": "O2", "level": "secondary", "text": "To learn how it feels."}
ENDPOINT = {"id": "E2", "level": "secondary", "text": "Score", "objective_id": "O2"}


def synopsis(**more: list[dict[str, Any]]) -> Synopsis:
    """The sound one, with more of these."""
    base = SYNOPSIS.model_dump(mode="json")
    return Synopsis.model_validate({name: [*items, *more.get(name, [])] for name, items in base.items()})


def codes(found: Synopsis) -> list[str]:
    return [reason.code for reason in flaws(found)]


def visit(key: str, day: int | None, before: int = 0, after: int = 0, timeline: str = "main") -> dict[str, Any]:
    return {"id": key, "name": key, "day": day, "days_before": before, "days_after": after, "timeline": timeline}


def test_a_sound_synopsis_has_no_flaws_and_no_gaps() -> None:
    assert (flaws(SYNOPSIS), gaps(SYNOPSIS)) == ([], [])
    assert codes(synopsis(objectives=[OBJECTIVE], endpoints=[ENDPOINT])) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"objectives": [{**OBJECTIVE, "id": "O1", "level": "primary"}]}, "id_repeated"),
        ({"visits": [visit("V1", 90)]}, "id_repeated"),
        ({"endpoints": [ENDPOINT]}, "objective_unknown"),
        ({"endpoints": [{**ENDPOINT, "objective_id": "O1", "procedure_ids": ["MRI"]}]}, "procedure_unknown"),
        ({"visits": [{**visit("V9", 90), "procedure_ids": ["MRI"]}]}, "procedure_unknown"),
        ({"objectives": [OBJECTIVE], "endpoints": [{**ENDPOINT, "level": "primary"}]}, "level_differs"),
        ({"visits": [visit("V9", None, 1)]}, "window_without_day"),
    ],
)
def test_every_contradiction_is_named(more: dict[str, list[dict[str, Any]]], code: str) -> None:
    assert codes(synopsis(**more)) == [code]


@pytest.mark.parametrize(
    ("added", "is_wrong"),
    [
        (visit("V3", 36, before=3), False),
        (visit("V3", 36, before=6), False),
        (visit("V3", 36, before=7), True),
        (visit("V3", 32), True),
        (visit("V3", 33), False),
        (visit("V3", 29), True),
        (visit("V3", 26), True),
        (visit("V3", 25, after=4), True),
        (visit("V3", 29, timeline="arm-b"), False),
        (visit("V3", None), False),
    ],
)
def test_no_visits_day_lies_in_the_window_of_another(added: dict[str, Any], is_wrong: bool) -> None:  # noqa: FBT001
    assert codes(synopsis(visits=[added])) == (["windows_overlap"] if is_wrong else [])


def test_a_protocol_is_reviewed_with_a_primary_objective_its_endpoint_and_a_schedule() -> None:
    assert [one.code for one in gaps(None)] == ["synopsis_missing"]
    assert [one.code for one in gaps(Synopsis())] == ["primary_objective_missing", "visits_missing"]
    unjudged = Synopsis(objectives=SYNOPSIS.objectives, visits=SYNOPSIS.visits)
    assert [one.code for one in gaps(unjudged)] == ["endpoint_missing"]


@pytest.mark.parametrize("key", ["", "V 3", "Ada Lovelace", "é", "a" * 41])
def test_ids_are_codes_without_free_text(key: str) -> None:
    with pytest.raises(ValidationError):
        Visit(id=key, name="Visit")
