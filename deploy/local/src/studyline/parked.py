"""`studyline parked`: what a service could not apply, for operators to look at, redrive or discard.

It speaks HTTP to the service, in an operator's name; which process reads the records does not matter.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import httpx
import typer
from chassis import clock

from studyline.errors import StackError
from studyline.paths import find_layout
from studyline.state import load_ready_state
from studyline.tokens import token

ROLE: Final = "operations"
WAIT_SECONDS: Final = 15
PAGE: Final = 500
REASON_SHOWN: Final = 80

Name = Literal["sites", "regulatory", "monitoring", "reporting"]
Service = Annotated[Name, typer.Argument(help="The service that could not apply the records.")]
Reason = Annotated[str, typer.Option(help="Why: kept in the parking log.")]
Subject = Annotated[str | None, typer.Option(metavar="SUBJECT", help="One aggregate, as the list names it.")]
Fingerprint = Annotated[str | None, typer.Option(metavar="TEXT", help="All failures that are alike: type and error.")]
RecordId = Annotated[str | None, typer.Option("--id", metavar="ID", help="One record, as the list names it.")]
Actor = Annotated[str, typer.Option("--as", metavar="NAME", help="Who acts: kept in the parking log.")]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON a record on standard output.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="STUDYLINE_DATA", metavar="DIR", help="The running stack's data directory."),
]

app = typer.Typer(help="Records that could not be applied, and those that wait behind them.", no_args_is_help=True)


@app.command("list")
def show_list(
    service: Service,
    subject: Subject = None,
    fingerprint: Fingerprint = None,
    data: Data = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """List what is parked, each aggregate's records in their order, without bodies."""
    wanted = {"subject": subject, "fingerprint": fingerprint}
    with _face(service, data) as face:
        for one in _all(face, {name: value for name, value in wanted.items() if value is not None}):
            typer.echo(json.dumps(one) if as_json else _line_of(one))


@app.command()
def show(
    service: Service,
    record_id: Annotated[str, typer.Argument(metavar="ID", help="As the list names it.")],
    body: Annotated[bool, typer.Option("--body", help="Show the body too: it may hold a sponsor's data.")] = False,  # noqa: FBT002
    reason: Annotated[str | None, typer.Option(help="Why the body is looked at: kept in the parking log.")] = None,
    actor: Actor = "",
    data: Data = None,
) -> None:
    """Show one record with its headers as JSON."""
    asked = {"body": "true", "reason": reason or ""} if body else {}
    with _face(service, data, actor) as face:
        shown = _answer(face.get(f"/v1/parked/{httpx.URL(path=record_id).raw_path.decode()}", params=asked))
    typer.echo(json.dumps(shown, indent=2))


@app.command()
def redrive(  # noqa: PLR0913, PLR0917 - one argument an option
    service: Service,
    reason: Reason,
    subject: Subject = None,
    fingerprint: Fingerprint = None,
    record_id: RecordId = None,
    actor: Actor = "",
    data: Data = None,
) -> None:
    """Have aggregates applied again from their first parked record, in order, until one fails."""
    choice = _choice(subject, fingerprint, record_id)
    with _face(service, data, actor) as face:
        answer = _act(face, "redrive", choice, reason)
    typer.echo(f"{answer['records']} records of {answer['aggregates']} aggregates will be applied again")


@app.command()
def discard(  # noqa: PLR0913, PLR0917 - one argument an option
    service: Service,
    reason: Reason,
    subject: Subject = None,
    fingerprint: Fingerprint = None,
    record_id: RecordId = None,
    actor: Actor = "",
    data: Data = None,
) -> None:
    """Take failed records out for good. They stay in the parking log; what waits behind them needs a redrive."""
    choice = _choice(subject, fingerprint, record_id)
    discarded, left, busy = 0, 1, 0
    with _face(service, data, actor) as face:
        while left:
            answer = _act(face, "discard", choice, reason)
            discarded, left, busy = discarded + answer["records"], answer["left"], answer["busy"]
    still = f"; {busy} are being applied by a redrive: look at what becomes of them" if busy else ""
    typer.echo(f"{discarded} records were discarded{still}")


def _face(service: Name, data: Path | None, actor: str = "") -> httpx.Client:
    layout = find_layout(data)
    address: str = getattr(load_ready_state(layout), service)
    headers = {"Authorization": f"Bearer {token(layout.root, ROLE, (), actor)}"}
    return httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=WAIT_SECONDS)


def _choice(subject: str | None, fingerprint: str | None, record_id: str | None) -> dict[str, str]:
    named = {"subject": subject, "fingerprint": fingerprint, "id": record_id}
    given = [{"by": by, "value": value} for by, value in named.items() if value is not None]
    if len(given) != 1:
        raise typer.BadParameter("name the records by one of --subject, --fingerprint and --id")
    return given[0]


def _act(face: httpx.Client, act: str, choice: dict[str, str], reason: str) -> dict[str, Any]:
    request = {**choice, "reason": reason}
    return _answer(face.post(f"/v1/parked/{act}", json=request, headers={"Idempotency-Key": clock.new_id()}))


def _all(face: httpx.Client, wanted: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = _answer(face.get("/v1/parked", params={**wanted, **cursor, "limit": PAGE}))
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def _answer(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        detail = response.json().get("detail", response.reason_phrase)
        message = f"{response.url.host}:{response.url.port} answered {response.status_code}: {detail}"
        raise StackError(message)
    return response.json()


def _line_of(one: dict[str, Any]) -> str:
    """One record a line; what could steer a terminal is left out."""
    mark = " (redrive requested)" if one["redrive_requested"] else ""
    line = f"{one['id']}  {one['subject'][:REASON_SHOWN]}  {one['fingerprint']}  {one['reason'][:REASON_SHOWN]}{mark}"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
