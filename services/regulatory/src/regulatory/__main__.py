"""`python -m regulatory [all|api|worker|relay]`; the only file that reads the environment."""

from chassis.running import run

from regulatory.settings import Settings

if __name__ == "__main__":
    run("regulatory", Settings)
