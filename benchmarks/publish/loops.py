"""`python -m benchmarks.publish.loops bare|coded TOPIC COUNT`: what publishing costs at least.

Both use librdkafka as the SDK does, with the same settings.
"""

import sys
from collections.abc import Callable, Iterator

from confluent_kafka import KafkaError, Message, Producer

from durable_streaming.eventlog import KafkaSettings, SystemClock, rfc3339
from durable_streaming.schemas import canonical

from .meter import Meter
from .tokens import RUNS, run_ids, tokens

Report = Callable[[KafkaError | None, Message], None]


def main() -> None:
    """Publish `count` events one way or the other."""
    way, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    producer = connect(topic)
    if way == "bare":
        bare(producer, topic, count)
    else:
        coded(producer, topic, count)


def bare(producer: Producer, topic: str, count: int) -> None:
    """Produce bytes that are there already, and ask for no report: the client's own cost."""
    records = list(events(count))
    with Meter(count):
        for key, value in records:
            _produce(producer, topic, key, value, None)
        producer.flush()


def coded(producer: Producer, topic: str, count: int) -> None:
    """Encode each event with the project's codec, and take a delivery report for each."""
    stored = 0

    def report(error: KafkaError | None, message: Message) -> None:
        nonlocal stored
        stored += error is None and (message.offset() or 0) >= 0

    with Meter(count):
        for key, value in events(count):
            _produce(producer, topic, key, value, report)
        producer.flush()
    if stored != count:
        raise SystemExit(f"{stored} of {count} were stored")


def events(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Give key and value of one event a token, as the SDK writes them."""
    clock, ids = SystemClock(), run_ids()
    keys, seqs = [run_id.encode() for run_id in ids], [0] * RUNS
    for number, text in tokens(count):
        event = {
            "schema_version": 1,
            "run_id": ids[number],
            "seq": seqs[number],
            "type": "text.delta",
            "time": rfc3339(clock.now_ms()),
            "producer_epoch": 0,
            "producer_id": "benchmark-0123456789abcdef",
            "data": {"text": text},
        }
        seqs[number] += 1
        yield keys[number], canonical(event)


def connect(topic: str) -> Producer:
    """Give a producer that has made its connections."""
    producer = Producer(
        {
            **KafkaSettings().connection(),
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "compression.type": "lz4",
            "message.timeout.ms": 0,
            "queue.buffering.max.messages": 100_000,
            "queue.buffering.max.kbytes": 65_536,
        }
    )
    for run_id in run_ids():
        producer.produce(topic, b"{}", run_id.encode())
    producer.flush()
    return producer


def _produce(
    producer: Producer, topic: str, key: bytes, value: bytes, report: Report | None
) -> None:
    while True:
        try:
            producer.produce(topic, value, key, on_delivery=report)
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.01)


if __name__ == "__main__":
    main()
