"""What belongs to an obligation is done only by who holds it then; the journal says by which agreement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from chassis import clock
from chassis.commands import Commands, Instruction, given
from chassis.journal import Actor, Authority, Context, entry_hash, journal_of
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.obligations import Agreed, Holding, Obligations, acted_in
from chassis.scope import Scope
from chassis.stream.policies import Order, carry_out
from counting import COUNTS, Add, instruction
from kernel import Refused

ALL = Scope.everything()
OURS = Holding("counting", "the CRO", True, "agr-1", "MSA-1", date(2022, 1, 1), date(2022, 7, 1))  # noqa: FBT003
THEIRS = Holding("counting", "Labs Ltd", False, "agr-1", "MSA-1", date(2022, 7, 1), None)  # noqa: FBT003


@dataclass(frozen=True)
class Counting:
    """An obligation."""

    code: str = "counting"
    name: str = "Counting"


def counting(*_: object) -> Counting:
    return Counting()


def commands_of(database: Database, agreed: Agreed | None) -> Commands:
    async def agreed_about(*_: object) -> Agreed | None:
        return agreed

    authorise = Obligations(counting, agreed_about)
    return Commands("test", database, Metrics(), authorise=authorise)


def agreed(*holdings: Holding) -> Agreed:
    return Agreed(["MSA-1"], holdings)


def act(on: str | None, key: str = "k1", **context: Any) -> Instruction[Any, Any, Any]:
    command = Add(occurred_at=on, count_id="a", sponsor="acme")
    return Instruction(COUNTS, "a", given(command), Context(command_id=key, actor=Actor("tester"), **context))


async def test_an_act_under_an_agreement_says_by_which_obligation_and_agreement_in_what_is_hashed(
    database: Database,
) -> None:
    await commands_of(database, agreed(OURS)).carry_out(ALL, act("2022-03-01"))
    [entry] = await journal_of(database).find(ALL, {})
    assert (entry["on_behalf_of"], entry["authority"]) == ("acme", {"obligation": "counting", "agreement": "agr-1"})
    headers = entry["messages"][0]["headers"]
    assert (headers["ce_obligation"], headers["ce_agreement"]) == ("counting", "agr-1")
    assert entry_hash(entry) == entry["hash"] != entry_hash({**entry, "authority": None})


async def test_without_any_agreement_everything_is_as_it_was_and_the_entry_has_no_authority(database: Database) -> None:
    await commands_of(database, None).carry_out(ALL, act("2022-03-01"))
    [entry] = await journal_of(database).find(ALL, {})
    assert "authority" not in entry
    assert "ce_obligation" not in entry["messages"][0]["headers"]


@pytest.mark.parametrize(
    ("holdings", "named"),
    [
        ((), "is not transferred to the CRO on 2022-08-01 by agreement MSA-1, so it lies with the sponsor"),
        ((OURS,), "is not transferred to the CRO on 2022-08-01"),
        ((OURS, THEIRS), "lies with Labs Ltd on 2022-08-01 under agreement MSA-1, not with the CRO"),
    ],
)
async def test_an_act_for_which_another_answers_is_refused_with_who_and_how_to_mend_it(
    database: Database, holdings: Sequence[Holding], named: str
) -> None:
    with pytest.raises(Refused, match=named) as refused:
        await commands_of(database, agreed(*holdings)).carry_out(ALL, act("2022-08-01"))
    [reason] = refused.value.reasons
    assert (reason.code, reason.field) == ("obligation_not_held", "occurred_at")
    assert "leave it to" in reason.detail
    assert await journal_of(database).count(ALL, {}) == 0


async def test_what_was_done_while_the_obligation_was_held_is_recorded_also_after(database: Database) -> None:
    commands = commands_of(database, agreed(OURS, THEIRS))
    for key, on in (("k1", "2022-01-01"), ("k2", "2022-06-30"), ("k3", "2022")):
        assert (await commands.carry_out(ALL, act(on, key))).changed


async def test_an_act_dated_ahead_is_judged_as_of_now(database: Database) -> None:
    tomorrow = clock.now().date() + timedelta(days=1)
    from_tomorrow = Holding("counting", "the CRO", True, "agr-1", "MSA-1", tomorrow, None)  # noqa: FBT003
    with pytest.raises(Refused, match="is not transferred"):
        await commands_of(database, agreed(from_tomorrow)).carry_out(ALL, act("2999-01-01"))


def test_an_act_without_a_date_is_judged_as_of_now() -> None:
    now = datetime(2022, 3, 1, tzinfo=UTC)
    assert acted_in(None, now) == acted_in("2023-01-01", now) == (now, now)
    assert acted_in("2022-02", now)[1] == now


async def test_a_refusal_names_the_rules_reasons_and_the_obligations_at_once(database: Database) -> None:
    await commands_of(database, None).carry_out(ALL, instruction("a", "k1", 999))
    with pytest.raises(Refused) as refused:
        await commands_of(database, agreed()).carry_out(ALL, instruction("a", "k2", 2))
    assert [reason.code for reason in refused.value.reasons] == ["full", "obligation_not_held"]


async def test_history_taken_over_and_consequences_of_events_are_nobodys_act(database: Database) -> None:
    commands = commands_of(database, agreed())
    assert (await commands.carry_out(ALL, act("2022-03-01", governed=False))).changed
    assert "authority" not in (await journal_of(database).find(ALL, {}))[0]


@dataclass(frozen=True)
class Told:
    """What an event's envelope tells."""

    obligation: str | None
    agreement: str | None
    id: str = "e-1"
    provenance: Any = "recorded"
    correlationid: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True)
class Happened:
    """An event."""

    envelope: Told


async def test_a_consequence_goes_on_under_the_authority_of_its_cause(database: Database) -> None:
    def policy(_: Happened) -> list[Order]:
        return [Order(COUNTS, "a", Add(occurred_at=None, count_id="a", sponsor="acme"))]

    commands = commands_of(database, agreed())
    await carry_out(commands, "test", policy, [Happened(Told("counting", "agr-7"))])
    await carry_out(commands, "test", policy, [Happened(Told(None, None, id="e-2"))])
    entries = await journal_of(database).find(ALL, {}, sort=[("version.after", 1)])
    assert [one.get("authority") for one in entries] == [{"obligation": "counting", "agreement": "agr-7"}, None]
    assert Authority("counting", "agr-7") != Authority("counting", "agr-8")
