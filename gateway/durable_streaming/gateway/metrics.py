"""The metrics, each in one place with its type; one registry a process' gateway."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

_LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Tally(Collector):
    """What is counted with every write: plain numbers, for a Counter's lock would cost as much.

    Only the loop changes them.

    Attributes:
        frames: event frames written.
        writes: writes that carried them; frames are joined.
        from_ring, from_cache, from_store: chunks of frames taken, by where they lay.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.writes = 0
        self.from_ring = 0
        self.from_cache = 0
        self.from_store = 0

    def collect(self) -> Iterator[Metric]:
        """Give them to Prometheus."""
        yield _total("delivered_frames", "Event frames written.", self.frames)
        yield _total("socket_writes", "Writes that carried event frames, joined.", self.writes)
        chunks = CounterMetricFamily(
            "durable_gateway_replay_chunks",
            "Chunks of frames taken, by where they lay.",
            labels=["tier"],
        )
        for tier in ("ring", "cache", "store"):
            chunks.add_metric([tier], getattr(self, f"from_{tier}"))
        yield chunks


def _total(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(f"durable_gateway_{name}", text, value=value)


class Metrics:
    """Counters, gauges and histograms. Labels come from closed lists, never from run ids."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.stored_events = self._counter("stored_events", "Valid events taken into the store.")
        self.bad_records = self._counter(
            "bad_records", "Records of the events topic that are no valid event.", "reason"
        )
        self.tally = Tally()
        self.registry.register(self.tally)
        self.subscriptions_opened = self._counter(
            "subscriptions", "Subscriptions begun, by outcome.", "outcome"
        )
        self.refusals = self._counter("refusals", "Requests and frames refused.", "code")
        self.closes = self._counter("socket_closes", "Sockets closed by the gateway.", "code")
        self.sockets = self._gauge("sockets", "Open WebSockets.")
        self.subscribers = self._gauge("subscribers", "Open subscriptions.")
        self.ready = self._gauge("ready", "1 while the gateway serves.")
        self.tail_lag = self._gauge("tail_unapplied_bytes", "Read by the tail, not yet applied.")
        self.delivery_latency = Histogram(
            "durable_gateway_delivery_seconds",
            "From the broker's timestamp to the write of a live event's frame.",
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )

    def render(self) -> bytes:
        """Write all of them in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"durable_gateway_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"durable_gateway_{name}", text, registry=self.registry)
