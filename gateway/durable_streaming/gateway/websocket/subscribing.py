"""Beginning a subscription: judged, attached and answered without a seam."""

from __future__ import annotations

from durable_streaming.gateway import frames
from durable_streaming.gateway.auth import Principal
from durable_streaming.gateway.hub import Connection
from durable_streaming.gateway.incarnation import Incarnation
from durable_streaming.gateway.metrics import Metrics
from durable_streaming.gateway.parameters import Wanted
from durable_streaming.gateway.positions import locate
from durable_streaming.gateway.refusals import Refusal

_MAX_SUBSCRIPTIONS = 1_000


async def subscribe(
    log: Incarnation,
    connection: Connection,
    run_id: str,
    wanted: Wanted,
    viewer: Principal,
    metrics: Metrics,
) -> None:
    """Subscribe a socket to a run, in place of an older subscription to it.

    Raises:
        Refusal: too many subscriptions, no such run, or no such position.
    """
    others = len(connection.subscriptions)
    if others >= _MAX_SUBSCRIPTIONS and run_id not in connection.subscriptions:
        raise Refusal("slow-down", f"a socket carries {_MAX_SUBSCRIPTIONS} subscriptions")
    located = await locate(log, run_id, wanted, viewer, gap_allowed=True)
    # From here to the end nothing waits: the tail can't slip an event in between.
    run = located.run
    subscription = log.hub.attach(connection, run_id, run.row, run.summary, located.cursor)
    outcome = located.outcome
    if outcome != "gap":
        outcome = "replay" if subscription.cursor < subscription.head else "up_to_date"
    metrics.subscriptions_opened.labels(outcome=outcome).inc()
    partition = run.row.partition
    connection.write(
        frames.subscribed(
            run_id,
            outcome,
            log.tokens.at(partition, subscription.cursor),
            log.tokens.at(partition, subscription.head),
        )
    )
    log.hub.delivery.pump(subscription)
