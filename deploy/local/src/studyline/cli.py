"""The `studyline` command.

What speaks to MongoDB or Kafka is loaded by the subcommand that needs it: the others shall answer at once.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from studyline.audit import app as audit_app
from studyline.errors import StackError
from studyline.importing.commands import app as importing_app
from studyline.parked import app as parked_app
from studyline.paths import Layout, find_layout
from studyline.scenario.commands import app as scenario_app
from studyline.signals import run_until_signal
from studyline.state import StackAddresses, StackState, load_ready_state, load_state
from studyline.tokens import token as token_of
from studyline.verify import verify

if TYPE_CHECKING:
    from studyline.health import ProcessHealth

app = typer.Typer(
    help="Run Studyline on this machine and speak to it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
events_app = typer.Typer(help="The events of all services.", no_args_is_help=True)
app.add_typer(events_app, name="events")
app.add_typer(importing_app, name="import")
app.add_typer(parked_app, name="parked")
app.add_typer(audit_app, name="audit")
app.add_typer(scenario_app, name="scenario")
app.command()(verify)

DATA_HELP = "The stack's data directory. Default: the nearest .studyline here or above, else one made here."
Data = Annotated[Path | None, typer.Option("--data", envvar="STUDYLINE_DATA", metavar="DIR", help=DATA_HELP)]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON on standard output.")]
PortBase = Annotated[int | None, typer.Option(help="Use this port and the following ones instead of free ones.")]
REPLICAS_HELP = "Members of MongoDB and of Kafka each, 1 or 3. Default: as the directory was made, else 1."
Replicas = Annotated[int | None, typer.Option(help=REPLICAS_HELP)]


def main() -> None:
    """Run the command; end with one clear sentence when the stack cannot do what was asked."""
    try:
        app()
    except StackError as error:
        sys.exit(f"studyline: {error}")


@app.command()
def up(
    data: Data = None,
    port_base: PortBase = None,
    replicas: Replicas = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Start everything on loopback and keep it running until Ctrl-C."""
    run_until_signal(_up(find_layout(data), port_base, replicas, as_json=as_json))


async def _up(layout: Layout, port_base: int | None, replicas: int | None, *, as_json: bool) -> None:
    from studyline.display import Display  # noqa: PLC0415
    from studyline.members import Shape  # noqa: PLC0415
    from studyline.stack import running_stack  # noqa: PLC0415

    display = Display()
    display.tell(f"Studyline starts on {layout.root}")
    async with running_stack(layout, display, port_base, shape=Shape(replicas)) as stack:
        display.total("Everything is ready")
        if as_json:
            typer.echo(json.dumps(stack.state().summary()))
        else:
            _print_addresses(stack.state())
        await asyncio.Event().wait()


@app.command()
def token(
    role: Annotated[str, typer.Option(help="operations, monitor, regulatory, quality, sponsor, partner or admin.")],
    sponsor: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A sponsor it may see; repeatable.")] = None,
    subject: Annotated[str, typer.Option(help="Who acts: shown in audit trails.")] = "",
    name: Annotated[str, typer.Option(help="The name that signatures print.")] = "",
    data: Data = None,
    to_sign: Annotated[bool, typer.Option("--to-sign", help="Good for signing, for five minutes.")] = False,  # noqa: FBT002
) -> None:
    """Print a bearer token."""
    typer.echo(token_of(find_layout(data).root, role, sponsor or (), subject, name, stepped_up=to_sign))


@app.command()
def status(data: Data = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Print addresses, process ids and health of the running stack."""
    from studyline.health import health_of  # noqa: PLC0415

    state = load_state(find_layout(data))
    health = asyncio.run(health_of(state))
    if as_json:
        shown = {name: entry.model_dump() for name, entry in health.items()}
        typer.echo(json.dumps({**state.summary(), "health": shown}))
    else:
        _print_addresses(state)
        _print_health(state, health)


@events_app.command()
def tail(
    data: Data = None,
    event_type: Annotated[str | None, typer.Option("--type", help="A type or its end, with * for anything.")] = None,
    from_beginning: Annotated[bool, typer.Option(help="Begin with the first event ever.")] = False,  # noqa: FBT002
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
) -> None:
    """Print one line of JSON an event, until Ctrl-C."""
    from studyline.events import follow_events  # noqa: PLC0415

    state = load_ready_state(find_layout(data))
    lines = follow_events(state.kafka, from_beginning=from_beginning, wanted_type=event_type)
    run_until_signal(_print_lines(lines, limit))


async def _print_lines(lines: AsyncGenerator[str], limit: int | None) -> None:
    printed = 0
    async with aclosing(lines) as open_lines:
        async for line in open_lines:
            typer.echo(line)
            printed += 1
            if printed == limit:
                return


@app.command()
def demo(
    data: Data = None,
    port_base: PortBase = None,
    once: Annotated[bool, typer.Option(help="End with a summary instead of running on.")] = False,  # noqa: FBT002
) -> None:
    """Start everything, import the bundled portfolio and show it."""
    from studyline.demo import run_demo  # noqa: PLC0415

    run_until_signal(run_demo(find_layout(data), port_base, once=once))


@app.command()
def rebuild(
    service: Annotated[Literal["reporting"], typer.Argument(help="The service whose read model is built anew.")],
    data: Data = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Let the previous one serve again.")] = False,  # noqa: FBT002
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Remove the one that does not serve.")] = False,  # noqa: FBT002
    compare: Annotated[bool, typer.Option("--compare", help="Print the hash of each that is kept.")] = False,  # noqa: FBT002
    accept_parked: Annotated[bool, typer.Option("--accept-parked", help="Switch without what is parked.")] = False,  # noqa: FBT002
) -> None:
    """Build a service's read model anew from the first event, without downtime."""
    from studyline.rebuild import run_rebuild  # noqa: PLC0415

    asked = {"--rollback": rollback, "--drop-old": drop_old, "--compare": compare, "--accept-parked": accept_parked}
    raise typer.Exit(run_rebuild(find_layout(data), service, [option for option, wanted in asked.items() if wanted]))


def _print_addresses(state: StackState) -> None:
    for name, address in state.model_dump(include={*StackAddresses.model_fields}).items():
        typer.echo(f"{name:<12} {address}")


def _print_health(state: StackState, health: "dict[str, ProcessHealth]") -> None:
    typer.echo(f"\n{'process':<12} {'pid':>8} {'memory':>9} {'restarts':>8}  health")
    for name, entry in health.items():
        memory = f"{entry.memory_mb} MB" if entry.memory_mb is not None else "-"
        pid = state.pids.get(name, "-")
        typer.echo(f"{name:<12} {pid:>8} {memory:>9} {entry.restarts:>8}  {entry.detail}")


if __name__ == "__main__":
    main()
