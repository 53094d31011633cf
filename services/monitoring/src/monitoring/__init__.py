"""Monitoring visits, subject visits, protocol deviations and adverse events."""

__version__ = "0.1.0"
