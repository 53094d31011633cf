"""The trail: what was done, sealed outside the database, and verified by whoever asks."""
