"""The stream: journal to Kafka, Kafka to handlers and projections, nothing lost and nothing counted twice."""
