"""`python -m monitoring [all|api|worker|relay]`; the only file that reads the environment."""

from chassis.service import run

from monitoring.app import compose
from monitoring.settings import Settings

if __name__ == "__main__":
    run(Settings, compose)
