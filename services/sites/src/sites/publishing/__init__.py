"""Private event → public event, or explicitly nothing. Pure and exhaustive."""
