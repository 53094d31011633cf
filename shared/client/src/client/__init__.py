"""The Python client for portals and partners."""
