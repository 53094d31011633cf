"""Timelines, milestones and the portal, folded from every service's events."""
