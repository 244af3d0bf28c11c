"""Ports on loopback."""

import socket

from durable_streaming.cli.exits import CliError

HOST = "127.0.0.1"


KAFKA_PORT = 9092


def is_free(port: int) -> bool:
    """Say whether a port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def require_free(port: int) -> None:
    """Check that a port can be listened on.

    Raises:
        CliError: another program listens on it.
    """
    if not is_free(port):
        raise CliError(
            f"port {port} of {HOST} is in use: stop what listens there, or choose another "
            "with --port"
        )


def free_port() -> int:
    """Find a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
