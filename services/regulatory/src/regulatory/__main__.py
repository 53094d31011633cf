"""`python -m regulatory [all|api|worker|relay]`; the only file that reads the environment."""

from chassis.service import run

from regulatory.app import compose
from regulatory.settings import Settings

if __name__ == "__main__":
    run(Settings, compose)
