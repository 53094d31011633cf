"""`python -m sites [all|api|worker|relay]`; the only file that reads the environment."""

from chassis.running import run

from sites.settings import Settings

if __name__ == "__main__":
    run("sites", Settings)
