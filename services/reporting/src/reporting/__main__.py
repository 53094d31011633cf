"""`python -m reporting [all|api|worker|relay]`; the only file that reads the environment."""

from chassis.service import run

from reporting.app import compose
from reporting.settings import Settings

if __name__ == "__main__":
    run(Settings, compose)
