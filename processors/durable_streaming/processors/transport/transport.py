"""The transport: which consumer Faust makes, within which limits, from which positions."""

from collections.abc import Callable
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from yarl import URL

from .batch import BatchLimits
from .consumer import BatchConsumer

Position = Callable[[TP], int | None]
"""Answers where reading of an assigned partition begins: the next offset, or None to leave it."""


class BatchTransport(driver.Transport):
    """Kafka transport that delivers one batch per stream event.

    Set it on an application before anything else is declared:
    `app.transport = BatchTransport([URL("kafka://...")], app, position=...)`.

    Args:
        url: brokers.
        app: the application it serves.
        position: where an assigned partition is read from; asked when a rebalance ends.
        limits: the size of a batch.
        fetch_max_wait_ms: how long the broker may hold an empty fetch. A partition that just ran
            dry can hold the others up that long, so it stays short.
    """

    Consumer = BatchConsumer

    def __init__(
        self,
        url: list[URL],
        app: Any,
        *,
        position: Position,
        limits: BatchLimits | None = None,
        fetch_max_wait_ms: int = 50,
    ) -> None:
        super().__init__(url, app)
        self.position = position
        self.limits = limits or BatchLimits()
        self.fetch_max_wait_ms = fetch_max_wait_ms
