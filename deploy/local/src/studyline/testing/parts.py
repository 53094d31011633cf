"""Parts of a service as processes of their own, on the servers of a test session."""

import os

from studyline.ports import LOOPBACK
from studyline.testing.servers import Servers


def environment_of_part(servers: Servers, database: str, port: int, **own: str) -> dict[str, str]:
    """The environment of a part that keeps its data in this database and answers on this port.

    `own` gives further settings and other values, each by its name in `settings.py`.
    """
    settings = {
        "environment": "development",
        "mongodb_uri": servers.mongodb_uri,
        "mongodb_database": database,
        "kafka_bootstrap": servers.kafka,
        "kafka_replication_factor": "1",
        "issuer_url": servers.issuer_url,
        "http_host": LOOPBACK,
        "http_port": str(port),
        "log_level": "WARNING",
        **own,
    }
    return {**os.environ, **{f"STUDYLINE_{name.upper()}": value for name, value in settings.items()}}
