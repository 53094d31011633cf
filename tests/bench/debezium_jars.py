"""The jars of Debezium's MongoDB connector and of the Kafka Connect worker that runs it, as `debezium.lock` pins them.

`python tests/bench/debezium_jars.py` writes the lock anew after a change of the versions.
"""

from pathlib import Path

from studyline.jars import KAFKA_VERSION, LOGGING, JarSet

DEBEZIUM_VERSION = "3.4.0.Final"
DEBEZIUM = f"io.debezium:debezium-connector-mongodb:{DEBEZIUM_VERSION}"
CONNECT = f"org.apache.kafka:connect-runtime:{KAFKA_VERSION}"
LOG4J = ("org.apache.logging.log4j:log4j-api:2.24.3", "org.apache.logging.log4j:log4j-core:2.24.3", LOGGING)
DEBEZIUM_JARS = JarSet(f"debezium-{DEBEZIUM_VERSION}", Path(__file__).with_name("debezium.lock"))


if __name__ == "__main__":
    # Loaded here, because only the writing needs the registry's client.
    from studyline.jar_registry import write_lock

    write_lock(DEBEZIUM_JARS.lock, [CONNECT, DEBEZIUM], LOG4J)
