"""Studies, sites and subjects: who takes part, and when they may enrol."""

__version__ = "0.1.0"
