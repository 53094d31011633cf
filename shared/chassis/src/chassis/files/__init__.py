"""Files that a service keeps for its aggregates: received, looked into, stored once, handed out, swept."""
