"""Choose the broker's ports: free ones at first, the same ones ever after."""

import errno
import os
import socket

from .config import HOST, Ports
from .errors import PortInUse


def choose_ports(remembered: Ports | None, wanted: int | None) -> Ports:
    """Decide which ports the next start uses.

    Args:
        remembered: Ports of the last start over the same data, kept where they are free, so that
            clients find the broker again.
        wanted: A broker port that was asked for, which is never replaced by another.

    Raises:
        PortInUse: The wanted port can't be bound.
    """
    taken: set[int] = set()
    if wanted is not None:
        if reason := why_not_bindable(wanted):
            raise port_in_use(wanted, reason)
        broker = wanted
    else:
        broker = _keep_or_pick(remembered and remembered.broker, taken)
    taken.add(broker)
    return Ports(broker, _keep_or_pick(remembered and remembered.controller, taken))


def why_not_bindable(port: int) -> str | None:
    """Say why a server can't listen on a loopback port; None when it can."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the broker itself does: connections of a former owner that still linger don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            return os.strerror(error.errno or errno.EADDRINUSE)
    return None


def port_in_use(port: int, reason: str) -> PortInUse:
    """The error for a port that was asked for and can't be had."""
    return PortInUse(
        f"The broker can't listen on {HOST}:{port}: {reason}.",
        remedy=f"end the process that listens there (ss -ltnp 'sport = :{port}' shows it), ask for "
        "another port, or for none to get a free one.",
        port=port,
    )


def _keep_or_pick(remembered: int | None, taken: set[int]) -> int:
    if remembered is not None and remembered not in taken and not why_not_bindable(remembered):
        return remembered
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
