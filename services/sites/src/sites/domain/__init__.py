"""Studies, study sites, subjects and activation evidence: pure deciders."""
