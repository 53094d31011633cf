"""New timeline entries as they come in, for those who listen."""

from chassis.mongo import Database


class Feed:
    """placeholder until next commit"""

    def __init__(self, database: Database, connections_max: int) -> None:
        self.database = database
