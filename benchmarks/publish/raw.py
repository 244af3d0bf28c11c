"""`python -m benchmarks.publish.raw TOPIC RATE WARM_UP_S SECONDS`: Kafka's client on both sides.

Prints how long each record took from the call that produces it to the one that consumes it.
"""

import json
import sys
import threading
import time

from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition

from durable_streaming.eventlog import KafkaSettings

from .first_delta import PARTITIONS
from .loops import connect

# As an event of a short delta.
_RECORD_BYTES = 200
_KEYS = 100


def main(topic: str, rate: int, warm_up_s: float, seconds: float) -> None:
    """Produce and consume at once, and print the delays."""
    delays_ms: list[float] = []
    ended = threading.Event()
    warm_from_ns = time.monotonic_ns() + int(warm_up_s * 1e9)
    producer = connect(topic)
    consumer = _consumer(topic)

    def consume() -> None:
        while not ended.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                now_ns, sent_ns = time.monotonic_ns(), int(message.value() or b"0")
                if sent_ns >= warm_from_ns:
                    delays_ms.append((now_ns - sent_ns) / 1e6)

    thread = threading.Thread(target=consume)
    thread.start()
    _produce(producer, topic, rate, warm_up_s + seconds)
    ended.set()
    thread.join()
    consumer.close()
    print(json.dumps({"delays_ms": delays_ms}))


def _consumer(topic: str) -> Consumer:
    consumer = Consumer(
        {
            **KafkaSettings().connection(),
            "group.id": "benchmark",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "fetch.queue.backoff.ms": 10,
        }
    )
    consumer.assign([TopicPartition(topic, p, OFFSET_END) for p in range(PARTITIONS)])
    return consumer


def _produce(producer: Producer, topic: str, rate: int, seconds: float) -> None:
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        while (early_s := began + number / rate - time.monotonic()) > 0:
            producer.poll(early_s)
        value = str(time.monotonic_ns()).encode().ljust(_RECORD_BYTES)
        producer.produce(topic, value, str(number % _KEYS).encode())
    producer.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
