"""The load client notices whatever goes wrong; the gateways of the benchmark deliver."""

import shutil
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.fanout import client as load_client
from benchmarks.fanout.client import Client, NoCompilerError, build
from benchmarks.fanout.contenders import CONTENDERS, OURS, Contender, Site
from benchmarks.fanout.events import EVENT_BYTES, delta, interleaved, started
from benchmarks.fanout.scenarios import Load, deliver, idle, interleave
from durable_streaming.cli.supervisor.ports import free_port
from durable_streaming.eventlog import KafkaLog, KafkaSettings
from durable_streaming.gateway.frames import text_frame
from durable_streaming.schemas import BadRecord, judge_value

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
HELLO = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


def test_every_event_is_valid_and_of_one_size() -> None:
    assert not isinstance(judge_value(started("run-1")), BadRecord)
    for number in (0, 7, 12_345):
        value = delta("benchmark-199", number, 1_764_157_000_000_000)
        assert not isinstance(judge_value(value), BadRecord)
        assert len(value) == EVENT_BYTES


def test_interleaved_runs_are_whole_and_in_order() -> None:
    values: dict[str, list[bytes]] = {"a": [], "b": []}
    order = []
    for run_id, value in interleaved({"a": 30, "b": 10}):
        values[run_id].append(value)
        order.append(run_id)
    assert [len(found) for found in values.values()] == [31, 11]
    assert b":00000029~" in values["a"][-1]
    assert "b" in order[4:15]
    assert "b" in order[-15:]


def test_without_a_compiler_the_remedy_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(load_client, "_BINARY", tmp_path / "client")
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(NoCompilerError, match="apt-get install gcc"):
        build()


class Scripted:
    """A server that sends each viewer the same bytes, cut into pieces."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(4_096)
            self._open.append(connection)
            for piece in (HELLO, *self._pieces):
                connection.sendall(piece)


ANY = Contender("scripted", lambda _: (), "/%s")


def frames(*numbers: int, offsets: Sequence[int] | None = None) -> bytes:
    joined = b""
    for at, number in enumerate(numbers):
        offset = number if offsets is None else offsets[at]
        value = delta("r-0", number, 1)
        joined += text_frame(b'{"type":"event","offset":%d,"event":%b}' % (offset, value))
    return joined


@needs_compiler
@pytest.mark.parametrize(
    ("sent", "events", "gaps", "repeats", "disorder"),
    [
        (frames(0, 1, 2, 3), 4, 0, 0, 0),
        (frames(0, 1, 3, 7), 4, 4, 0, 0),
        (frames(1, 2), 2, 1, 0, 0),
        (frames(0, 1, 1, 0), 4, 0, 2, 2),
        (frames(0, 1, 2, offsets=(5, 9, 9)), 3, 0, 0, 1),
    ],
)
@pytest.mark.parametrize("cut", [1, 7, 10_000])
def test_the_client_sees_every_fault(
    sent: bytes, events: int, gaps: int, repeats: int, disorder: int, cut: int
) -> None:
    server = Scripted([sent[at : at + cut] for at in range(0, len(sent), cut)])
    with Client(ANY, server.port, prefix="r", runs=1, viewers=3) as client:
        client.open()
        mark = client.wait(events, 20)
    assert (mark.least, mark.most, mark.events) == (events, events, 3 * events)
    assert (mark.gaps, mark.repeats, mark.disorder) == (3 * gaps, 3 * repeats, 3 * disorder)
    assert mark.bytes == 3 * (len(sent) + len(HELLO))
    assert mark.frames == 3 * events


@pytest.fixture
def site(kafka_settings: KafkaSettings, tmp_path: Path) -> tuple[Site, KafkaLog]:
    log = KafkaLog(kafka_settings)
    log.admin().ensure_topics(kafka_settings.topics.specs(partitions=2))
    return Site(kafka_settings, free_port(), tmp_path), log


@needs_compiler
@pytest.mark.kafka
@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_each_contender_delivers_everything(
    contender: Contender, site: tuple[Site, KafkaLog]
) -> None:
    found = deliver(contender, *site, Load(4, 3, 600), seconds=0.5, warm_up_s=0.3)
    assert found.lost == 0
    assert not any(found.wrong.values())
    assert found.reached > 0


@needs_compiler
@pytest.mark.kafka
def test_idle_sockets_are_subscribed(site: tuple[Site, KafkaLog]) -> None:
    found = idle(OURS, *site, 20)
    assert found.sockets == 20
    assert found.connected_s > 0


@needs_compiler
@pytest.mark.kafka
def test_a_replay_among_other_runs_is_whole(site: tuple[Site, KafkaLog]) -> None:
    found = interleave(*site, runs=1, others=10)
    assert found.wrong == 0
    assert found.ratio > 0
