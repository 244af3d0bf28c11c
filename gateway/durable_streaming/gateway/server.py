"""The process: the listening socket, signals, and a stop that is bounded whatever viewers do."""

from __future__ import annotations

import errno
import gc
import logging
import socket
from types import FrameType

import uvicorn

from durable_streaming.gateway import logs
from durable_streaming.gateway.app import create_app
from durable_streaming.gateway.engine import Engine
from durable_streaming.gateway.errors import PortInUseError
from durable_streaming.gateway.settings import GatewaySettings
from durable_streaming.gateway.sse import AbortableHttpProtocol
from durable_streaming.gateway.websocket import GatewayProtocol

_log = logging.getLogger(__name__)

# asyncio's default of 100 makes a thousand viewers that reconnect at once wait for seconds.
_BACKLOG = 4_096
# A peer that is gone, or has stopped reading, is freed by the kernel after so long.
_USER_TIMEOUT_MS = 15_000
# What a stalled viewer may pin in the kernel; the default is 2.8 MB.
_SEND_BUFFER_BYTES = 128 * 1024
_NOT_SENT_LOW_BYTES = 16 * 1024
_MAX_FRAME_BYTES = 64 * 1024
# Events come and go by the ten thousand a second and hold no cycles: a collection for every 700
# of them, as by default, finds nothing.
_ALLOCATIONS_A_COLLECTION = 50_000


def serve(settings: GatewaySettings | None = None) -> None:
    """Serve until SIGTERM or SIGINT; a second signal ends at once.

    Raises:
        InsecureBindError: the address can be reached from outside without authentication.
        PortInUseError: something else listens there.
    """
    settings = settings or GatewaySettings()
    settings.check_bind()
    logs.configure()
    listener = listen(settings.host, settings.port)
    _log.info("listening", extra={"host": settings.host, "port": listener.getsockname()[1]})
    server = make_server(Engine(settings))
    gc.collect()
    # What is loaded by now stays: the collector needs not look through it again and again.
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_A_COLLECTION)
    server.run(sockets=[listener])


def make_server(engine: Engine) -> GatewayServer:
    """Put the application on a server with everything set that the protocol relies on."""
    settings = engine.settings
    config = uvicorn.Config(
        create_app(engine=engine),
        http=AbortableHttpProtocol,
        ws=GatewayProtocol,
        ws_max_size=_MAX_FRAME_BYTES,
        # It costs three fifths of the throughput, and shared frames are impossible with it.
        ws_per_message_deflate=False,
        # Heartbeat frames and TCP_USER_TIMEOUT find dead peers; a ping can't be written to a
        # stalled one anyhow.
        ws_ping_interval=None,
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )
    return GatewayServer(config, engine)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; what is set on it, accepted sockets inherit.

    Raises:
        PortInUseError: something else listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, value in (
        ("TCP_USER_TIMEOUT", _USER_TIMEOUT_MS),
        ("TCP_NOTSENT_LOWAT", _NOT_SENT_LOW_BYTES),
    ):
        # Linux has both; elsewhere the ladder's abort is what frees a stalled socket.
        if hasattr(socket, option):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"{host}:{port} is in use: stop what listens there, or choose another port with "
                "--port or DURABLE_PORT"
            ) from error
        raise
    return listener


class GatewayServer(uvicorn.Server):
    """uvicorn's server, draining viewers before it stops."""

    def __init__(self, config: uvicorn.Config, engine: Engine) -> None:
        super().__init__(config)
        self._engine = engine

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order at the first signal, at once at the second."""
        # Not recorded in `_captured_signals`: a stop that was asked for exits with 0.
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        self._engine.draining = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Bring viewers what is ready and close their sockets, then stop as uvicorn does.

        Readiness is off by then and the listener still open, so that a load balancer sees it.
        uvicorn waits for connections for `timeout_graceful_shutdown`; each of ours aborts itself
        soon after its close frame, so a stalled viewer does not use that time up.
        """
        if not self.force_exit:
            await self._engine.drain(lambda: self.force_exit)
        await super().shutdown(sockets)
