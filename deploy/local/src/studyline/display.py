"""What a person sees while the stack starts: on standard error, so that standard output stays clean."""

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


class Display:
    """A line for each part that is ready, and on a terminal a spinner naming those that are not."""

    def __init__(self, console: Console | None = None) -> None:
        """Without a console of the caller's it writes to standard error."""
        self._console = console or Console(stderr=True, highlight=False)
        self._began = time.monotonic()
        self._pending: list[str] = []
        self._status: Status | None = None

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Show that a part is starting, then how long it took."""
        began = time.monotonic()
        self._pending.append(name)
        self._refresh()
        try:
            yield
            self._console.print(f"  [green]✓[/green] {name:<12} {time.monotonic() - began:5.1f} s")
        finally:
            self._pending.remove(name)
            self._refresh()

    def tell(self, text: str) -> None:
        """Show one sentence."""
        self._console.print(text, markup=False, soft_wrap=True)

    def total(self, text: str) -> None:
        """Show one sentence with the time since the beginning."""
        self.tell(f"{text} ({time.monotonic() - self._began:.1f} s)")

    def _refresh(self) -> None:
        if not self._pending:
            self._end_spinner()
        elif self._console.is_terminal:
            text = f"starting {', '.join(self._pending)}"
            if self._status is None:
                self._status = self._console.status(text)
                self._status.start()
            self._status.update(text)

    def _end_spinner(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
