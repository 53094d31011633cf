"""Monitoring visits, subject visits, deviations and adverse events."""
