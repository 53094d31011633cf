"""The demonstration: the whole platform with the bundled portfolio of real studies."""

from pathlib import Path

from studyline.paths import Layout


async def run_demo(layout: Layout, port_base: int | None, *, once: bool) -> None:
    raise NotImplementedError
