"""Submissions to competent authorities and ethics committees."""
