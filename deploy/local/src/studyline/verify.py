"""`studyline verify`: a service's journal against its checkpoints, or an exported trail against public keys alone."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studyline.errors import StackError
from studyline.paths import find_layout
from studyline.seals import SEALED, public_key_files

if TYPE_CHECKING:
    from chassis.trail.findings import Report

FINDINGS_SHOWN = 20
EXIT_FLAWED = 1

Target = Annotated[
    str | None,
    typer.Argument(metavar="SERVICE|DIR", help="A service of the stack, or what `studyline audit export` wrote."),
]
AllServices = Annotated[bool, typer.Option("--all", help="Every service that has a journal.")]
WithReplay = Annotated[bool, typer.Option("--replay", help="Fold all events anew and compare them with the state.")]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="PEM", help="A public key, old or new; repeatable. Default: the stack's own."),
]
Mongodb = Annotated[str | None, typer.Option("--mongodb", metavar="URI", help="Another database than the stack's.")]
DatabaseName = Annotated[str | None, typer.Option("--database", metavar="NAME", help="Its name, with --mongodb.")]
Checkpoints = Annotated[
    Path | None,
    typer.Option("--checkpoints", metavar="FILE", help="The file of checkpoints, with --mongodb.", dir_okay=False),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="STUDYLINE_DATA", metavar="DIR", help="The stack's data directory."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON on standard output.")]


def verify(  # noqa: PLR0913 - one parameter an option
    target: Target = None,
    *,
    all_services: AllServices = False,
    replay: WithReplay = False,
    key: Keys = None,
    mongodb: Mongodb = None,
    database: DatabaseName = None,
    checkpoints: Checkpoints = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Check that no journal entry was changed, removed, slipped in or cut off, and name the first that was."""
    from studyline import inspection  # noqa: PLC0415

    if all_services == (target is not None):
        raise StackError("Name either a service or a folder that `studyline audit export` wrote, or --all")
    layout = find_layout(data)
    keys = inspection.public_keys(key or public_key_files(layout))
    if target is not None and target not in SEALED and Path(target).is_dir():
        reports = inspection.verify_folder(Path(target), keys)
    else:
        sources = inspection.sources_of(layout, target, inspection.Elsewhere(mongodb, database, checkpoints))
        reports = asyncio.run(inspection.verify_services(sources, keys, replay=replay))
    _tell(reports, as_json=as_json)
    if not all(report.is_whole for report in reports):
        raise typer.Exit(EXIT_FLAWED)


def _tell(reports: "Sequence[Report]", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([{**asdict(report), "whole": report.is_whole} for report in reports]))
        return
    for report in reports:
        typer.echo(_summary(report))
        for finding in report.findings[:FINDINGS_SHOWN]:
            typer.echo(f"  {finding.text}")
        if len(report.findings) > FINDINGS_SHOWN:
            typer.echo(f"  and {len(report.findings) - FINDINGS_SHOWN} more")


def _summary(report: "Report") -> str:
    until = f" until {report.newest}" if report.newest else ""
    counts = f"{report.entries:,} entries, {report.sealed:,} sealed in {report.checkpoints:,} checkpoints{until}"
    verdict = "whole" if report.is_whole else f"{len(report.findings):,} flaws, the first bad one first"
    return f"{report.service:<12} {counts}: {verdict}"
