"""The embedded stack and the studyline command."""
