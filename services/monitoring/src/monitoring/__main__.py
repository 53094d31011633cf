"""`python -m monitoring [all|api|worker|relay]`; the only file that reads the environment."""

from chassis.running import run

from monitoring.settings import Settings

if __name__ == "__main__":
    run("monitoring", Settings)
