"""The floor: a confluent consumer, a decoder, a dict. No state survives it."""

import sys

import msgspec
from confluent_kafka import Consumer, TopicPartition

from .meter import Meter
from .perrun import Head, fold_event, new_head


def main(bootstrap: str, topic: str, total: int) -> None:
    """Fold `total` records of all partitions."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.auto.commit": False,
            # The default of 1,000 stalls it for a second whenever the queue was full.
            "fetch.queue.backoff.ms": 10,
        }
    )
    partitions = consumer.list_topics(topic).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    decode = msgspec.json.Decoder().decode
    heads: dict[bytes, Head] = {}
    sealed: dict[tuple[bytes, int], str] = {}
    seen = 0
    Meter(total, lambda: seen).start()
    while True:
        for message in consumer.consume(500, 0.1):
            event = decode(message.value() or b"")
            key = message.key() or b""
            head = heads.get(key)
            if head is None:
                head = heads[key] = new_head()
            chunk = fold_event(head, event)
            if chunk is not None:
                sealed[key, head["chunks"]] = chunk
            seen += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
