"""The metrics, each in one place with its type; one registry a process' gateway."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_LATENCY_BUCKETS_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)


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


class Latencies(Collector):
    """How long live events took, in buckets of plain numbers as `Tally`'s."""

    def __init__(self) -> None:
        self._buckets = [0] * (len(_LATENCY_BUCKETS_MS) + 1)
        self._sum_ms = 0.0

    def note(self, now_ms: float, timestamps_ms: Sequence[int]) -> None:
        """Count events that were delivered now.

        Args:
            now_ms: the time, milliseconds since 1970.
            timestamps_ms: the broker's times of the events, at least one.
        """
        buckets, count = self._buckets, len(timestamps_ms)
        # Events that go out together came together, nearly always.
        first = bisect_left(_LATENCY_BUCKETS_MS, now_ms - timestamps_ms[-1])
        if first == bisect_left(_LATENCY_BUCKETS_MS, now_ms - timestamps_ms[0]):
            buckets[first] += count
        else:
            for timestamp_ms in timestamps_ms:
                buckets[bisect_left(_LATENCY_BUCKETS_MS, now_ms - timestamp_ms)] += 1
        # The broker's clock may be ahead of ours.
        self._sum_ms += max(0.0, now_ms * count - sum(timestamps_ms))

    def collect(self) -> Iterator[Metric]:
        """Give them to Prometheus."""
        bounds = [*(str(bound / 1000) for bound in _LATENCY_BUCKETS_MS), "+Inf"]
        yield HistogramMetricFamily(
            "durable_gateway_delivery_seconds",
            "From the broker's timestamp to the write of a live event's frame.",
            buckets=list(zip(bounds, accumulate(self._buckets), strict=True)),
            sum_value=self._sum_ms / 1000,
        )


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
        self.delivery_latency = Latencies()
        self.registry.register(self.delivery_latency)

    def render(self) -> bytes:
        """Write all of them in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"durable_gateway_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"durable_gateway_{name}", text, registry=self.registry)
