"""Monitoring visits, subject visits, protocol deviations and adverse events: pure deciders."""
