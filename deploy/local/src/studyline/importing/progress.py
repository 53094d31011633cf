"""What a person sees while an import runs: on standard error, so that standard output stays clean."""

from collections import Counter
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress(Protocol):
    """What an import tells about its progress."""

    def expect(self, amount: int) -> None:
        """So much is to be done, in a unit of the import's own."""
        ...

    def advance(self, amount: int) -> None:
        """So much more of it is done."""
        ...

    def sent(self, kind: str, count: int) -> None:
        """So many more records of this kind have been answered."""
        ...

    def tell(self, text: str) -> None:
        """Something the user may want to know."""
        ...


class Silence:
    """Progress for nobody."""

    def expect(self, amount: int) -> None:
        """Show nothing."""

    def advance(self, amount: int) -> None:
        """Show nothing."""

    def sent(self, kind: str, count: int) -> None:
        """Show nothing."""

    def tell(self, text: str) -> None:
        """Show nothing."""


class ProgressBar:
    """Progress as a bar with the counts of records. Use it as a context manager."""

    def __init__(self, title: str, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bars.add_task(title, total=None)
        self._title = title
        self._counts = Counter[str]()
        self._told = ""

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it stands."""
        self._bars.stop()

    def expect(self, amount: int) -> None:
        """Give the bar its length."""
        self._bars.update(self._task, total=amount)

    def advance(self, amount: int) -> None:
        """Move the bar on."""
        self._bars.advance(self._task, amount)

    def sent(self, kind: str, count: int) -> None:
        """Count beside the bar."""
        self._counts[kind] += count
        self._bars.update(self._task, description=f"{self._title}: {self._counts[kind]:,} {kind}")

    def tell(self, text: str) -> None:
        """Print a line above the bar; the same line again says nothing new."""
        if text != self._told:
            self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
        self._told = text


class CountedInRecords:
    """Progress whose bar moves with the records that are answered."""

    def __init__(self, shown: Progress) -> None:
        self.expect = shown.expect
        self.advance = shown.advance
        self.tell = shown.tell
        self._shown = shown

    def sent(self, kind: str, count: int) -> None:
        """Count, and move the bar on by as much."""
        self._shown.sent(kind, count)
        self._shown.advance(count)
