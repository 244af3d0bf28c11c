"""Who may open a WebSocket, and what comes before everything else."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from durable_streaming.eventlog import MemoryLog
from durable_streaming.gateway.app import create_app
from durable_streaming.gateway.settings import GatewaySettings
from tests.gateway.builders import memory_log
from tests.gateway.servers import RunningGateway, gateway, viewer


async def handshake(running: RunningGateway, origin: str | None) -> int:
    try:
        async with viewer(
            running, "/v1/ws", origin=None if origin is None else Origin(origin)
        ) as one:
            await one.socket.close()
    except InvalidStatus as refused:
        return refused.response.status_code
    return 101


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("http://127.0.0.1:{port}", 101),
        ("http://localhost:{port}", 403),
        ("http://evil.example", 403),
        ("http://127.0.0.1:{port}.evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:1", 403),
    ],
)
async def test_origins_of_websockets(
    shared: RunningGateway, origin: str | None, status: int
) -> None:
    found = await handshake(shared, origin and origin.format(port=shared.port))
    assert found == status


async def test_an_origin_may_be_allowed(log: MemoryLog, tmp_path: Path) -> None:
    with gateway(tmp_path, log, allowed_origins=("https://app.example",)) as running:
        assert await handshake(running, "https://app.example") == 101
        assert await handshake(running, "http://app.example") == 403
        assert await handshake(running, "https://app.example.evil") == 403


async def test_any_host_is_answered_where_that_was_asked_for(
    log: MemoryLog, tmp_path: Path
) -> None:
    with gateway(tmp_path, log, insecure_bind=True) as running:
        assert running.http.get("/v1/runs", headers={"Host": "elsewhere"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/runs", "/v1/runs/..%2F", "/v1/nowhere", "/v1/runs/r/events?limit=x"]
)
async def test_not_ready_comes_before_all_other_refusals(tmp_path: Path, path: str) -> None:
    # Its lifespan has not run, so nothing was ever read.
    app = create_app(GatewaySettings(data_dir=tmp_path), log=memory_log())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as client:
        refused = await client.get(path)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["type"].endswith(":not-ready")
        assert (await client.get("/livez", headers={"Host": "localhost"})).status_code == 200
        assert (await client.get("/readyz", headers={"Host": "localhost"})).status_code == 503
