"""A plain Kafka client for these tests: append records, read a topic back."""

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

_QUIET = {"log_level": 2}
"""A broker that is killed on purpose is not worth a line per attempt to reach it."""


def create_topic(bootstrap: str, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, **_QUIET})
    admin.create_topics([NewTopic(topic, num_partitions=1)])[topic].result(30)


def append(
    bootstrap: str, topic: str, values: list[bytes], timeout_ms: int = 30_000
) -> list[bytes]:
    """Append records and return those that the broker acknowledged, in order."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 0,
            "message.timeout.ms": timeout_ms,
            **_QUIET,
        }
    )
    acknowledged: list[bytes] = []

    def on_delivery(error: KafkaError | None, message: Message) -> None:
        value = message.value()
        if error is None and value is not None:
            acknowledged.append(value)

    for value in values:
        producer.produce(topic, value, partition=0, on_delivery=on_delivery)
        producer.poll(0)
    producer.flush()  # ends: every record has an outcome within its time-out
    return acknowledged


def read(bootstrap: str, topic: str) -> list[bytes]:
    """Read a topic from its beginning to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.auto.commit": False,
            "check.crcs": True,
            **_QUIET,
        }
    )
    try:
        place = TopicPartition(topic, 0, 0)
        _, end = consumer.get_watermark_offsets(place, timeout=30)
        consumer.assign([place])
        values: list[bytes] = []
        while len(values) < end:
            for message in consumer.consume(500, timeout=10):
                if error := message.error():
                    raise AssertionError(error)
                value = message.value()
                assert value is not None
                values.append(value)
        return values
    finally:
        consumer.close()
