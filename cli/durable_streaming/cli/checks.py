"""What `durable doctor` checks, from the broker's and the machine's own answers."""

import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from durable_streaming.cli.client import GatewayClient
from durable_streaming.cli.stack import Stack
from durable_streaming.eventlog import (
    EventLogError,
    KafkaLog,
    LogAdmin,
    LogUnavailable,
    TopicMissing,
)
from durable_streaming.schemas import TopicSpec

Finding = tuple[str, str, str]
"""ok, warn or fail; what was checked; what was found, with the remedy."""

_LITTLE_DISK_BYTES = 2 * 10**9
_LAG_RECORDS = 10_000
_EXACT = {"cleanup.policy", "message.timestamp.type"}
_AT_LEAST = {"max.message.bytes"}


def run_checks(stack: Stack, data_dir: Path) -> Iterator[Finding]:
    """Check everything that can be checked."""
    yield from _versions()
    yield from _disk(data_dir)
    admin = LogAdmin(stack.kafka)
    try:
        brokers = admin.brokers()
    except LogUnavailable as error:
        yield "fail", "broker", f"{stack.kafka.kafka_bootstrap}: {error}; start it: `durable up`"
        return
    yield "ok", "broker", f"{stack.kafka.kafka_bootstrap}, {brokers} in the cluster"
    yield from _topics(stack, admin)
    yield from _profile(stack, admin, brokers)
    yield from _lag(stack, admin)
    yield from _gateway(stack)


def _versions() -> Iterator[Finding]:
    names = ("durable-streaming", "confluent-kafka", "faust-streaming", "uvicorn", "pydantic")
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    yield "ok", "versions", f"Python {platform.python_version()}, " + ", ".join(found)


def _disk(data_dir: Path) -> Iterator[Finding]:
    if not data_dir.exists():
        return
    free = shutil.disk_usage(data_dir).free
    text = f"{free / 1e9:.1f} GB free in {data_dir}"
    if free < _LITTLE_DISK_BYTES:
        yield "warn", "disk", text + ": make room, or choose another --data-dir"
    else:
        yield "ok", "disk", text


def _topics(stack: Stack, admin: LogAdmin) -> Iterator[Finding]:
    for spec in stack.kafka.topics.specs():
        try:
            info = admin.describe(spec.name)
            config = admin.config(spec.name)
        except TopicMissing:
            yield "fail", spec.name, "not there: create the topics with `durable topics`"
            continue
        wrong = list(_deviations(spec, config))
        if wrong:
            yield "fail", spec.name, "; ".join(wrong)
        else:
            yield "ok", spec.name, f"{info.partitions} partitions, {info.replicas} copies"
        kept = int(config.get("retention.ms", -1))
        if spec.name == stack.kafka.topics.events and kept >= 0:
            yield "warn", "retention", f"events are kept for {kept / 3_600_000:.1f} hours only"


def _deviations(spec: TopicSpec, config: dict[str, str]) -> Iterator[str]:
    for name, wanted in spec.config.items():
        found = config.get(name, "")
        if name in _EXACT and found != wanted:
            yield f"{name} is {found}, must be {wanted}"
        if name in _AT_LEAST and int(found or 0) < int(wanted):
            yield f"{name} is {found}, must be at least {wanted}"


def _profile(stack: Stack, admin: LogAdmin, brokers: int) -> Iterator[Finding]:
    try:
        events = admin.describe(stack.kafka.topics.events)
        config = admin.config(stack.kafka.topics.events)
    except EventLogError:
        return
    insync = int(config.get("min.insync.replicas", 1))
    unclean = config.get("unclean.leader.election.enable") == "true"
    if events.replicas >= 3 and insync >= 2 and not unclean:
        yield "ok", "durability", f"survives any one of {brokers} brokers and its disk"
    elif events.replicas == 1:
        yield (
            "warn",
            "durability",
            "one copy of each record: survives kill -9 of every process, not a power cut; for "
            "more, three brokers and `durable topics --replication 3 --min-insync 2`",
        )
    else:
        yield (
            "fail",
            "durability",
            f"{events.replicas} copies, min.insync.replicas {insync}, unclean election "
            f"{'on' if unclean else 'off'}: acknowledged records can be lost",
        )


def _lag(stack: Stack, admin: LogAdmin) -> Iterator[Finding]:
    from durable_streaming.evaluation import folded_positions

    try:
        positions = folded_positions(KafkaLog(stack.kafka), stack.kafka.topics)
        marks = admin.watermarks(stack.kafka.topics.events)
    except EventLogError:
        return
    lag = sum(max(0, high - max(low, positions.get(p, 0))) for p, (low, high) in marks.items())
    total = sum(high for _, high in marks.values())
    text = f"{lag} of {total} records not folded yet"
    if lag > _LAG_RECORDS:
        yield "warn", "processors", text + ": is a processor running? see its log"
    else:
        yield "ok", "processors", text


def _gateway(stack: Stack) -> Iterator[Finding]:
    if stack.gateway_url is None:
        yield "warn", "gateway", "none is known: set DURABLE_GATEWAY_URL to check it"
        return
    with GatewayClient(stack.gateway_url) as gateway:
        if gateway.is_ready():
            yield "ok", "gateway", f"{stack.gateway_url} serves"
        else:
            yield "fail", "gateway", f"{stack.gateway_url} is not ready: see its log"
