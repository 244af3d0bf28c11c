"""How the gateways written for comparison read the topic: from its end on, in a thread."""

import threading
from collections.abc import Callable

from confluent_kafka import Consumer, TopicPartition


def follow(
    bootstrap: str,
    topic: str,
    take: Callable[[list[tuple[str, bytes]]], object],
    ready: threading.Event,
) -> None:
    """Give `take` what is written from now on, batch by batch: keys and values.

    Args:
        bootstrap: address of the broker.
        topic: followed in all its partitions.
        take: called in this thread.
        ready: set once nothing written later can be missed.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
            # The default of 1,000 stalls it for a second whenever the queue was full.
            "fetch.queue.backoff.ms": 10,
        }
    )
    places = [
        TopicPartition(topic, p) for p in consumer.list_topics(topic).topics[topic].partitions
    ]
    for place in places:
        place.offset = consumer.get_watermark_offsets(place)[1]
    consumer.assign(places)
    ready.set()
    while True:
        # consume(n, t) waits the whole t unless n records are there, so poll comes first.
        first = consumer.poll(1)
        if first is not None:
            messages = [first, *consumer.consume(499, 0)]
            take([((m.key() or b"").decode(), m.value() or b"") for m in messages if not m.error()])
