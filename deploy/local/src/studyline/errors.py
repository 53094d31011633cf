"""What the stack tells a user when it cannot go on."""


class StackError(Exception):
    """One clear sentence: what is wrong, what was expected, how to mend it."""
