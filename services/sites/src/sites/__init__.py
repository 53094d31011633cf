"""Studies, sites and subjects: who takes part, and when they may enrol."""
