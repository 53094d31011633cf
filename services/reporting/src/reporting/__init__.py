"""Timelines, milestones and the portal, folded from every service's events."""

__version__ = "0.1.0"
