"""`studyline audit export`: one study's whole trail, of all services, for an inspector."""

from pathlib import Path
from typing import Annotated

import typer

from studyline.paths import find_layout
from studyline.verify import Data

app = typer.Typer(help="Audit trails.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Audit trails."""


@app.command()
def export(
    study: Annotated[str, typer.Option(metavar="ID", help="The study's id.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder that is not there yet.")],
    data: Data = None,
) -> None:
    """Write who did what, when and why in one study, with the proofs; `studyline verify DIR` checks it anywhere."""
    from studyline.exporting import export_study  # noqa: PLC0415

    entries = export_study(find_layout(data), study, out)
    typer.echo(
        f"{entries:,} entries of study {study} are in {out}: read index.html, check with `studyline verify {out}`"
    )
