"""The metrics, each in one place with its type; one registry a process' gateway."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters, gauges and histograms. Labels come from closed lists, never from run ids."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.stored_events = self._counter("stored_events", "Valid events taken into the store.")
        self.bad_records = self._counter(
            "bad_records", "Records of the events topic that are no valid event.", "reason"
        )
        self.delivered_frames = self._counter("delivered_frames", "Event frames written.")
        self.writes = self._counter(
            "socket_writes", "Writes that carried event frames; frames are joined."
        )
        self.replays = self._counter(
            "replay_chunks", "Chunks of frames taken, by where they lay.", "tier"
        )
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
