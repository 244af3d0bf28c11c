"""How soon a viewer has the first delta of a run, beside what Kafka alone takes at that time.

Three processes on one broker, at once: agents that publish with the SDK; a viewer that watches the
run list, opens each run while its agent still thinks, and gets its events from a gateway; and a
producer and a consumer of the client's own, on a topic of their own, at the same rate.
"""

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any, Final, NamedTuple

from durable_streaming.cli.supervisor.ports import free_port
from durable_streaming.eventlog import KafkaLog
from tests.gateway.processes import GatewayProcess

from ..broker import topics
from .child import Child
from .promise import Promise

PARTITIONS: Final = 4
P50_MS: Final = 30.0
P99_RATIO: Final = 3.0


class Delays(NamedTuple):
    """Milliseconds from the call that publishes to the receipt."""

    viewer: Sequence[float]
    raw: Sequence[float]
    late: int
    """Runs that the viewer had not opened in time, which count nowhere."""

    deltas_per_second: float


def measure(bootstrap: str, rate: int, warm_up_s: float, seconds: float) -> Delays:
    """Publish at `rate` deltas a second; what falls into the warm-up is left out."""
    with (
        topics(bootstrap, partitions=PARTITIONS) as log,
        tempfile.TemporaryDirectory(prefix="durable-first-delta-") as directory,
    ):
        raw_topic = _make_raw_topic(log)
        gateway = GatewayProcess(Path(directory), log.settings, free_port())
        gateway.start()
        try:
            viewer = Child("viewer", log.settings, gateway.port, warm_up_s, seconds)
            raw = Child("raw", log.settings, raw_topic, rate, warm_up_s, seconds)
            agents = Child("agents", log.settings, rate, warm_up_s, seconds)
            published, seen, bare = agents.result(), viewer.result(), raw.result()
        finally:
            gateway.stop()
    return Delays(seen["delays_ms"], bare["delays_ms"], seen["late"], published["per_second"])


def promises(delays: Delays) -> Iterator[Promise]:
    """Give what is promised of the delays."""
    (p50, p99), (_, raw_p99) = _cuts(delays.viewer), _cuts(delays.raw)
    yield Promise("first delta to a viewer: p50 in ms", p50, P50_MS)
    yield Promise("first delta to a viewer: p99 of the bare pair's", p99 / raw_p99, P99_RATIO)


def table(delays: Delays) -> str:
    """Show the quantiles."""
    lines = [f"{'ms':34}{'p50':>8}{'p99':>8}{'samples':>9}"]
    for name, delays_ms in (
        ("first delta to a viewer", delays.viewer),
        ("bare producer to bare consumer", delays.raw),
    ):
        p50, p99 = _cuts(delays_ms)
        lines.append(f"{name:34}{p50:>8.1f}{p99:>8.1f}{len(delays_ms):>9,}")
    lines.append(f"{delays.deltas_per_second:,.0f} deltas a second; {delays.late} runs opened late")
    return "\n".join(lines)


def row(delays: Delays) -> dict[str, Any]:
    """Give the figures."""
    of_both = {"viewer": delays.viewer, "raw": delays.raw}
    return {
        "deltas_per_second": delays.deltas_per_second,
        "late": delays.late,
        **{
            name: dict(zip(("p50_ms", "p99_ms"), _cuts(delays_ms), strict=True))
            | {"samples": len(delays_ms)}
            for name, delays_ms in of_both.items()
        },
    }


def _cuts(delays_ms: Sequence[float]) -> tuple[float, float]:
    cuts = quantiles(delays_ms, n=100)
    return cuts[49], cuts[98]


def _make_raw_topic(log: KafkaLog) -> str:
    names = log.settings.topics
    (events,) = (s for s in names.specs(partitions=PARTITIONS) if s.name == names.events)
    raw = dataclasses.replace(events, name=f"{names.prefix}raw")
    admin = log.admin()
    admin.ensure_topics([raw])
    admin.close()
    return raw.name
