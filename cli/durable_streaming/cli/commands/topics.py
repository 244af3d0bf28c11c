"""`durable topics`: create the topics, or check that they are what they must be."""

from typing import Annotated

import typer

from durable_streaming.cli.output import note


def topics(
    partitions: Annotated[int, typer.Option(min=1, max=10_000)] = 12,
    replication: Annotated[int, typer.Option(min=1, max=10, help="Copies of each record.")] = 1,
    min_insync: Annotated[
        int, typer.Option(min=1, help="Copies that must exist before an acknowledgement.")
    ] = 1,
    retention_ms: Annotated[
        int, typer.Option(min=-1, help="How long events are kept; -1: for ever.")
    ] = -1,
) -> None:
    """Create the topics that are missing (idempotent)."""
    from durable_streaming.eventlog import KafkaSettings, LogAdmin

    settings = KafkaSettings()
    specs = settings.topics.specs(
        partitions=partitions,
        replication=replication,
        min_insync=min_insync,
        retention_ms=retention_ms,
    )
    created = LogAdmin(settings, timeout_s=15).ensure_topics(specs)
    for spec in specs:
        note(f"{spec.name}: {'created' if spec.name in created else 'there'}")
