"""What the worker counts. Names and units follow Prometheus' conventions."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# From an idle broker's 5 ms to the time-out of a call.
_COMMIT_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0)


class Metrics:
    """The worker's metrics in a registry of their own, so that tests can have several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records_folded = Counter(
            "durable_processor_records_folded",
            "Source records folded, bad ones included.",
            registry=self.registry,
        )
        self.bytes_folded = Counter(
            "durable_processor_bytes_folded",
            "Bytes of source values folded.",
            registry=self.registry,
        )
        self.derived_records = Counter(
            "durable_processor_derived_records",
            "Records written to derived topics.",
            registry=self.registry,
        )
        self.transactions = Counter(
            "durable_processor_transactions",
            "Transactions committed.",
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "durable_processor_commit_seconds",
            "Time from the begin of a transaction to the local store's write.",
            buckets=_COMMIT_BUCKETS,
            registry=self.registry,
        )
        self.reread = Counter(
            "durable_processor_reread",
            "Times a partition was read again because delivery jumped ahead.",
            registry=self.registry,
        )
        self.holes = Counter(
            "durable_processor_holes",
            "Jumps of source offsets that were there when read again: expired records.",
            registry=self.registry,
        )
        self.timeouts = Counter(
            "durable_processor_timeouts",
            "run.timed_out events appended.",
            registry=self.registry,
        )
        self.rebalances = Counter(
            "durable_processor_rebalances",
            "Rebalances finished.",
            registry=self.registry,
        )
        self.next_offset = Gauge(
            "durable_processor_next_offset",
            "First source offset not folded yet.",
            ["partition"],
            registry=self.registry,
        )
        self.committed_offset = Gauge(
            "durable_processor_committed_offset",
            "First source offset whose fold is not committed yet.",
            ["partition"],
            registry=self.registry,
        )
        self.lag = Gauge(
            "durable_processor_lag",
            "Source records not folded yet.",
            ["partition"],
            registry=self.registry,
        )
