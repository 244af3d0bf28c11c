"""The topics: their names, and the settings that the protocol's promises rest on."""

from dataclasses import dataclass, field

from durable_streaming.schemas.judge import MAX_RECORD_BYTES

DEFAULT_PARTITIONS = 12
"""Partitions of every topic. That of the events topic never changes in its life."""

MAX_DERIVED_BYTES = 8 * 2**20
MAX_DEAD_LETTER_BYTES = 3 * 2**20

_DAY_MS = 86_400_000


@dataclass(slots=True, frozen=True)
class TopicSpec:
    """What a topic must be.

    Attributes:
        config: the broker's own setting names and values.
    """

    name: str
    partitions: int
    replication: int
    config: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Topics:
    """The names of the topics under one prefix."""

    prefix: str = "runs."

    @property
    def events(self) -> str:
        """What happened: the truth."""
        return self.prefix + "events"

    @property
    def drafts(self) -> str:
        """Draft heads, and sealed chunks of draft text."""
        return self.prefix + "drafts"

    @property
    def packets(self) -> str:
        """Sealed answers."""
        return self.prefix + "packets"

    @property
    def reconciliations(self) -> str:
        """Verdicts on packet against stream."""
        return self.prefix + "reconciliations"

    @property
    def control(self) -> str:
        """Cancel requests, forwarded to agents."""
        return self.prefix + "control"

    @property
    def requests(self) -> str:
        """Wishes for a run."""
        return self.prefix + "requests"

    @property
    def dead_letters(self) -> str:
        """Records that are no valid event."""
        return self.prefix + "dead-letters"

    @property
    def state(self) -> str:
        """The processors' own."""
        return self.prefix + "state"

    def specs(
        self,
        *,
        partitions: int = DEFAULT_PARTITIONS,
        replication: int = 1,
        min_insync: int = 1,
        retention_ms: int = -1,
    ) -> list[TopicSpec]:
        """Say what each topic must be.

        Args:
            partitions: of every topic, so that a derived record sits in its run's partition.
            replication: copies of each record.
            min_insync: copies that must exist before a record is acknowledged.
            retention_ms: of events and dead letters; -1 keeps them for ever.
        """
        durable = {
            "min.insync.replicas": str(min_insync),
            "unclean.leader.election.enable": "false",
        }
        kept = {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}
        brief = {"cleanup.policy": "delete", "retention.ms": str(_DAY_MS)}
        compacted = {
            "cleanup.policy": "compact",
            # The default of 0.5 lets as much garbage as live data lie before each recovery.
            "min.cleanable.dirty.ratio": "0.2",
            "max.message.bytes": str(MAX_DERIVED_BYTES),
        }
        one_event = {"max.message.bytes": str(MAX_RECORD_BYTES)}
        configs = {
            # The broker's clock decides what is idle: a producer's may be wrong.
            self.events: {**kept, **one_event, "message.timestamp.type": "LogAppendTime"},
            self.drafts: compacted,
            self.packets: compacted,
            self.reconciliations: compacted,
            self.state: compacted,
            self.control: {**brief, **one_event},
            self.requests: {**brief, **one_event},
            self.dead_letters: {**kept, "max.message.bytes": str(MAX_DEAD_LETTER_BYTES)},
        }
        return [
            TopicSpec(name, partitions, replication, {**durable, **config})
            for name, config in configs.items()
        ]
