"""`python -m reporting [all|api|worker]` and `rebuild`; the only file that reads the environment."""

import sys

from chassis.running import run
from chassis.settings import load

from reporting.generations import command
from reporting.settings import Settings

if __name__ == "__main__":
    if sys.argv[1:2] == ["rebuild"]:
        command.main(sys.argv[2:], load(Settings))
    else:
        run("reporting", Settings, publishes=False)
