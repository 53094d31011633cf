"""`python -m sites [all|api|worker|relay]`; the only file that reads the environment."""

from chassis.service import run

from sites.app import compose
from sites.settings import Settings

if __name__ == "__main__":
    run(Settings, compose)
