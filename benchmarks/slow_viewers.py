"""`python -m benchmarks.slow_viewers`: viewers that hardly read, or not at all, beside normal ones.

800 viewers follow live runs. First alone; then 100 more join that never read a byte, and 100 that
read 1 KB a second, all from the start of a run. What the normal ones notice of it, and what it
costs the gateway, are the figures. In the end each slow viewer goes on with the token of the last
frame it had, and what it saw altogether must be its run in the log.
"""

import argparse
import asyncio
import base64
import json
import os
import selectors
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import connect

from durable_streaming.cli.supervisor.ports import free_port
from durable_streaming.eventlog import KafkaLog
from tests.gateway.reconnects import offsets_in_log

from .broker import kafka, topics
from .fanout.client import Client, build
from .fanout.contenders import OURS, Site
from .fanout.events import run_ids, start_runs
from .fanout.process import rss_kb
from .fanout.publishing import begin, publishing

PARTITIONS = 4
RUNS, NORMAL, STALLED, TRICKLING = 20, 800, 100, 100
TRICKLE_BYTES_A_SECOND = 1_024
PREFIX = "slow"

_WARM_UP_S = 3.0
_RESUME_AT_ONCE = 20
_MAX_RATIO, _MAX_GROWTH_MB = 2.0, 200.0


class SlowViewer:
    """A WebSocket on a bare socket, from the start of a run."""

    def __init__(self, port: int, run_id: str) -> None:
        self.run_id = run_id
        self.is_open = True
        self._read = b""
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.socket.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /v1/runs/{run_id}/ws?from=start HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: durable.v1\r\n\r\n".encode()
        )
        self.socket.setblocking(False)

    def read(self, size: int) -> bool:
        """Take at most `size` bytes; says whether any came."""
        try:
            data = self.socket.recv(size)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        self._read += data
        self.is_open = bool(data)
        return self.is_open

    def frames(self) -> Iterator[dict[str, Any]]:
        """Give the whole frames that came so far."""
        data = self._read.partition(b"\r\n\r\n")[2]
        at = 0
        while len(data) - at >= 2:
            text, size, head = data[at] & 15 == 1, data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4]), 4
            elif size == 127:
                size, head = int.from_bytes(data[at + 2 : at + 10]), 10
            if len(data) - at < head + size:
                return
            if text:
                yield json.loads(data[at + head : at + head + size])
            at += head + size


class Trickle:
    """Reads 1 KB a second from each of some viewers, in a thread, while the context is open."""

    def __init__(self, viewers: list[SlowViewer]) -> None:
        self._viewers = viewers
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(1.0):
            for viewer in self._viewers:
                if viewer.is_open:
                    viewer.read(TRICKLE_BYTES_A_SECOND)


def main() -> int:
    """Measure; 0 where the normal viewers, the memory and the slow ones fare as they should."""
    arguments = _parse()
    build()
    with (
        kafka() as bootstrap,
        topics(bootstrap, partitions=PARTITIONS) as log,
        tempfile.TemporaryDirectory(prefix="durable-slow-") as directory,
    ):
        site = Site(log.settings, free_port(), Path(directory))
        figures = _measure(site, log, arguments)
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures))
    fine = (
        figures["p99_ratio"] <= _MAX_RATIO
        and figures["memory_growth_mb"] <= _MAX_GROWTH_MB
        and figures["normal_wrong"] == 0
        and figures["stalled_left_open"] == 0
        and figures["resumed_with_gap_or_repeat"] == 0
    )
    return 0 if fine else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow_viewers", description=__doc__)
    parser.add_argument("--per-second", type=int, default=20_000, help="deliveries to normal ones")
    parser.add_argument("--seconds", type=float, default=40.0, help="of each of the two phases")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    return parser.parse_args()


def _measure(site: Site, log: KafkaLog, arguments: argparse.Namespace) -> dict[str, Any]:
    runs, seconds = run_ids(PREFIX, RUNS), arguments.seconds
    start_runs(log, runs)
    with (
        OURS.serve(site) as pid,
        Client(OURS, site.port, prefix=PREFIX, runs=RUNS, viewers=NORMAL) as client,
        publishing(
            site,
            PREFIX,
            runs=RUNS,
            per_second=arguments.per_second * RUNS / NORMAL,
            seconds=2 * seconds + _WARM_UP_S,
        ) as publisher,
    ):
        client.open()
        begin(publisher)
        time.sleep(_WARM_UP_S)
        client.mark()
        time.sleep(seconds)
        alone, memory = client.mark(), rss_kb(pid)
        most = memory
        viewers = [SlowViewer(site.port, runs[n % RUNS]) for n in range(STALLED + TRICKLING)]
        stalled, trickling = viewers[:STALLED], viewers[STALLED:]
        with Trickle(trickling):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(0.5)
                most = max(most, rss_kb(pid))
        beside = client.mark()
        cut = _metric(site, 'durable_gateway_socket_closes_total{code="4408"}')
        left_open = sum(_is_left_open(viewer) for viewer in stalled)
        # The log stands still before it is compared with.
        publisher.wait(60)
        time.sleep(_WARM_UP_S)
        last = client.mark()
        logged = offsets_in_log(log, runs, PARTITIONS)
        torn = asyncio.run(_resume_all(site.port, viewers, logged))
    return {
        "deliveries_per_second": round((beside.events - alone.events) / (beside.at - alone.at)),
        "p50_ms_alone": alone.p50_ms,
        "p50_ms_beside": beside.p50_ms,
        "p99_ms_alone": alone.p99_ms,
        "p99_ms_beside": beside.p99_ms,
        "p99_ratio": round(beside.p99_ms / alone.p99_ms, 2),
        "memory_mb": round(memory / 1024, 1),
        "memory_growth_mb": round((most - memory) / 1024, 1),
        "cut_4408": int(cut),
        "stalled_left_open": left_open,
        "trickling_left_open": sum(viewer.is_open for viewer in trickling),
        "normal_wrong": last.gaps + last.repeats + last.disorder + last.closed,
        "resumed": len(viewers),
        "resumed_with_gap_or_repeat": torn,
    }


def _is_left_open(viewer: SlowViewer) -> bool:
    """Say whether the gateway still holds the socket; takes what lay in the kernel."""
    with selectors.DefaultSelector() as selector:
        selector.register(viewer.socket, selectors.EVENT_READ)
        while viewer.is_open:
            if not selector.select(1.0):
                return True
            viewer.read(65_536)
    return False


def _metric(site: Site, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


async def _resume_all(port: int, viewers: list[SlowViewer], logged: dict[str, list[int]]) -> int:
    """Let each go on from its last token; gives how many did not see exactly their run."""
    gate = asyncio.Semaphore(_RESUME_AT_ONCE)

    async def one(viewer: SlowViewer) -> bool:
        async with gate:
            return await _resume(port, viewer) != logged[viewer.run_id]

    return sum(await asyncio.gather(*(one(viewer) for viewer in viewers)))


async def _resume(port: int, viewer: SlowViewer) -> list[int]:
    viewer.socket.close()
    seen = [frame for frame in viewer.frames() if frame["type"] in ("event", "caught_up")]
    position = f"after={seen[-1]['token']}" if seen else "from=start"
    url = f"ws://127.0.0.1:{port}/v1/runs/{viewer.run_id}/ws?{position}"
    async with asyncio.timeout(60), connect(url, compression=None) as again:
        while True:
            frame = json.loads(await again.recv())
            seen.append(frame)
            if frame["type"] == "caught_up":
                break
    found = [frame["offset"] for frame in seen if frame["type"] == "event"]
    assert all(before < after for before, after in pairwise(found))
    return found


if __name__ == "__main__":
    sys.exit(main())
