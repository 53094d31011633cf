"""Submissions to competent authorities and ethics committees, and what they decided."""

__version__ = "0.1.0"
