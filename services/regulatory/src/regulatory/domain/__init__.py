"""Submissions: pure deciders."""
