"""Health, watchdog, logs, settings, the broker's time."""

import json
import logging
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from pydantic import ValidationError

from durable_streaming.eventlog import MemoryLog
from durable_streaming.processors import errors
from durable_streaming.processors.brokertime import BrokerTime
from durable_streaming.processors.errors import ProcessorError, Stalled
from durable_streaming.processors.health import HealthServer
from durable_streaming.processors.logs import JsonFormatter
from durable_streaming.processors.metrics import Metrics
from durable_streaming.processors.settings import ProcessorSettings
from durable_streaming.processors.watchdog import Watchdog
from tests.processors.partitions.sites import TOPICS, source
from tests.processors.partitions.test_ownership import World


class HandClock:
    """Wall clock and monotonic clock that are moved by hand."""

    def __init__(self) -> None:
        self.wall_ms = 1_700_000_000_000
        self.seconds = 100.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic(self) -> float:
        return self.seconds


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_health_says_what_is_true_at_the_moment_of_asking() -> None:
    metrics = Metrics()
    state = {"alive": True, "ready": False}
    with HealthServer(
        "127.0.0.1",
        0,
        alive=lambda: state["alive"],
        ready=lambda: state["ready"],
        registry=metrics.registry,
    ) as server:
        assert get(server.port, "/livez") == (200, "OK\n")
        assert get(server.port, "/readyz")[0] == 503
        state.update(alive=False, ready=True)
        assert get(server.port, "/livez")[0] == 503
        assert get(server.port, "/readyz?verbose")[0] == 200
        metrics.records_folded.inc(3)
        status, text = get(server.port, "/metrics")
        assert status == 200
        assert "durable_processor_records_folded_total 3.0" in text
        assert get(server.port, "/else")[0] == 404


async def test_the_watchdog_ends_a_worker_that_stands_still_behind_the_log(
    tmp_path: Path,
) -> None:
    world, clock, metrics = World(tmp_path), HandClock(), Metrics()
    watchdog = Watchdog(
        world.ownership,
        world.log,
        TOPICS.events,
        metrics,
        patience_s=60,
        clock=clock.monotonic,
    )
    await world.ownership.assign({0, 1})
    await watchdog.check()
    clock.seconds += 59
    await watchdog.check()
    await world.ownership.feed(0, source(world.log, 0)[:5])
    clock.seconds += 59
    await watchdog.check()
    clock.seconds += 61
    with pytest.raises(Stalled, match="60 s"):
        await watchdog.check()
    await world.fold_all()
    await world.ownership.suspend()
    for _ in range(3):
        clock.seconds += 100
        await watchdog.check()
    assert metrics.registry.get_sample_value("durable_processor_lag", {"partition": "0"}) == 0
    await world.ownership.close()


async def test_a_broker_that_is_away_is_not_a_standstill(tmp_path: Path) -> None:
    world, clock = World(tmp_path), HandClock()
    await world.ownership.assign({0})
    away = Watchdog(
        world.ownership,
        MemoryLog(),
        TOPICS.events,
        Metrics(),
        patience_s=60,
        clock=clock.monotonic,
    )
    for _ in range(3):
        clock.seconds += 100
        await away.check()
    await world.ownership.close()


def test_the_brokers_time_is_learnt_from_live_records() -> None:
    clock = HandClock()
    time = BrokerTime(clock)
    assert time.now_ms() == clock.wall_ms
    # Our clock is an hour ahead; a record takes 20 ms to come.
    time.observe(clock.wall_ms - 3_600_000 - 20)
    assert time.now_ms() == clock.wall_ms - 3_600_020
    time.observe(clock.wall_ms - 3_600_000 - 5)
    assert time.now_ms() == clock.wall_ms - 3_600_005
    time.observe(clock.wall_ms - 3_600_000 - 10_005)
    assert clock.wall_ms - 3_601_000 < time.now_ms() < clock.wall_ms - 3_600_000
    # The other way round: a record from our future shows that our clock is behind.
    time.observe(clock.wall_ms + 500)
    assert time.now_ms() == clock.wall_ms + 500


def test_a_log_line_is_one_json_object_with_its_members() -> None:
    record = logging.makeLogRecord(
        {"name": "n", "levelname": "INFO", "msg": "partition %s", "args": ("opened",)}
    )
    record.partition = 3
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "info",
        "logger": "n",
        "message": "partition opened",
        "partition": 3,
    }


def test_each_end_has_an_exit_code_of_its_own() -> None:
    ends = [
        error
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, ProcessorError)
    ]
    codes = [error.exit_code for error in ends if error is not ProcessorError]
    assert len(codes) == len(set(codes)) == 8
    assert all(64 <= code <= 78 for code in codes)


def test_a_worker_keeps_the_name_it_made_for_itself(tmp_path: Path) -> None:
    first = ProcessorSettings(data_dir=tmp_path, processor_id=None).identity()
    assert ProcessorSettings(data_dir=tmp_path, processor_id=None).identity() == first
    assert ProcessorSettings(data_dir=tmp_path / "other", processor_id=None).identity() != first
    assert ProcessorSettings(data_dir=tmp_path, processor_id="w-1").identity() == "w-1"


@pytest.mark.parametrize(
    "wrong",
    [{"idle_timeout": 0}, {"session_timeout": 11}, {"processor_id": "a/b"}, {"batch_records": 0}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ProcessorSettings.model_validate(wrong)


def test_group_and_topics_share_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURABLE_TOPIC_PREFIX", "mine.")
    monkeypatch.setenv("DURABLE_IDLE_TIMEOUT", "30")
    settings = ProcessorSettings()
    assert settings.application == "mine.processors"
    assert settings.topics.events == "mine.events"
    assert settings.idle_timeout == 30
