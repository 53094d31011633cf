"""Reads for HTTP beyond single aggregates, always through a Scope."""
