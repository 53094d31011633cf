"""Public event → own commands. Pure: each policy is a sentence with *when*."""
