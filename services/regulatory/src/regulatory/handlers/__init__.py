"""Requests become commands, completed with facts from this service's own records. Under ten lines each.

Each function gives a builder, which the chassis runs inside the command's transaction: what it reads is what the
decision rests on.
"""
