"""Making and describing topics on Kafka."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without saying so
    AdminClient,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from durable_streaming.eventlog.errors import (
    LogUnavailable,
    TopicMismatch,
    TopicMissing,
    translated,
)
from durable_streaming.eventlog.settings import KafkaSettings
from durable_streaming.eventlog.types import Place, TopicInfo
from durable_streaming.schemas import TopicSpec

_TIMEOUT_S = 10.0
# A broker that is well answers sooner; of one that is gone another is told only after it.
_ATTEMPT_S = 2.0

_Key = TypeVar("_Key")


class LogAdmin:
    """Talks to the cluster about topics; see `eventlog.types.Admin`."""

    def __init__(self, settings: KafkaSettings, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._timeout = timeout_s
        self._client = AdminClient(settings.connection())

    def ensure_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create the topics that are missing; gives their names.

        Raises:
            TopicMismatch: one exists with another number of partitions.
            LogUnavailable: the broker did not answer.
        """
        there = self.topics()
        for spec in specs:
            found = there.get(spec.name, spec.partitions)
            if found != spec.partitions:
                raise TopicMismatch(
                    f"topic {spec.name} has {found} partitions, not {spec.partitions}: keys would "
                    "move, so it can't be changed; choose another prefix (DURABLE_TOPIC_PREFIX)"
                )
        missing = [spec for spec in specs if spec.name not in there]
        created: list[str] = []
        if missing:
            futures = self._client.create_topics(
                [NewTopic(s.name, s.partitions, s.replication, config=s.config) for s in missing],
                request_timeout=self._timeout,
                operation_timeout=self._timeout,
            )
            for name, future in futures.items():
                try:
                    self._result(future)
                    created.append(name)
                except _AlreadyThere:
                    continue  # Another process was faster, which is as good.
            for spec in missing:
                self._await_leaders(spec.name)
        return created

    def topics(self) -> dict[str, int]:
        """Give the number of partitions of each topic.

        Raises:
            LogUnavailable: the broker did not answer.
        """
        with translated():
            listed = self._client.list_topics(timeout=self._timeout)
        return {name: len(topic.partitions) for name, topic in listed.topics.items()}

    def brokers(self) -> int:
        """Give the number of brokers."""
        with translated():
            return len(self._client.list_topics(timeout=self._timeout).brokers)

    def describe(self, topic: str) -> TopicInfo:
        """Describe a topic.

        Raises:
            TopicMissing: it is not there.
            LogUnavailable: the broker did not answer.
        """
        found = self._ask(
            lambda timeout_s: self._client.describe_topics(
                TopicCollection([topic]), request_timeout=timeout_s
            )
        )[topic]
        return TopicInfo(
            topic,
            # The client prints plain base64; Kafka's own tools, and URLs, want the other one.
            str(found.topic_id).replace("/", "_").replace("+", "-"),
            len(found.partitions),
            len(found.partitions[0].replicas) if found.partitions else 0,
        )

    def config(self, topic: str) -> dict[str, str]:
        """Give a topic's settings by the broker's names."""
        resource = ConfigResource(ResourceType.TOPIC, topic)
        futures = self._client.describe_configs([resource], request_timeout=self._timeout)
        entries: Mapping[str, Any] = self._result(futures[resource])
        return {name: str(entry.value) for name, entry in entries.items()}

    def watermarks(self, topic: str) -> dict[int, tuple[int, int]]:
        """Give the low and high watermark of each partition, asked at this moment."""
        partitions = range(self.describe(topic).partitions)
        low = self._offsets(topic, partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
        high = self._offsets(topic, partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        return {p: (low[p], high[p]) for p in partitions}

    def delete_before(self, positions: Mapping[Place, int]) -> None:
        """Remove all records below these offsets; -1 removes all there are."""
        places = [TopicPartition(topic, p, offset) for (topic, p), offset in positions.items()]
        futures = self._client.delete_records(places, request_timeout=self._timeout)
        for future in futures.values():
            self._result(future)

    def delete_topics(self, names: Sequence[str]) -> None:
        """Remove topics with all that is in them."""
        if not names:
            return
        futures = self._client.delete_topics(list(names), operation_timeout=self._timeout)
        for future in futures.values():
            self._result(future)

    def group_members(self, group: str) -> int:
        """Give the number of members of a consumer group, 0 where there is none."""
        return self._members([group])[group]

    def groups(self, prefix: str) -> dict[str, int]:
        """Give the number of members of each consumer group whose name begins so."""
        # Every broker is asked, and one that is away would be waited for; its groups are another's
        # by then.
        listed = self._result(self._client.list_consumer_groups(request_timeout=2 * _ATTEMPT_S))
        names = [group.group_id for group in listed.valid if group.group_id.startswith(prefix)]
        return self._members(names) if names else {}

    def group_offsets(self, group: str) -> dict[Place, int]:
        """Give the next offsets that a group has committed."""
        futures = self._client.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=self._timeout
        )
        found = self._result(futures[group])
        return {(tp.topic, tp.partition): tp.offset for tp in found.topic_partitions}

    def close(self) -> None:
        """Release the connection; the client has nothing to flush."""

    def _members(self, groups: list[str]) -> dict[str, int]:
        # The first question about any group makes the broker load what it knows of groups.
        deadline = time.monotonic() + self._timeout
        while True:
            futures = self._client.describe_consumer_groups(groups, request_timeout=self._timeout)
            try:
                return {name: len(self._result(f).members) for name, f in futures.items()}
            except LogUnavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _await_leaders(self, topic: str) -> None:
        # A topic is listed a moment before its partitions can be used.
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                self.watermarks(topic)
                return
            except (LogUnavailable, TopicMissing):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _offsets(self, topic: str, partitions: range, spec: OffsetSpec) -> dict[int, int]:
        found = self._ask(
            lambda timeout_s: self._client.list_offsets(
                {TopicPartition(topic, p): spec for p in partitions},
                isolation_level=IsolationLevel.READ_UNCOMMITTED,
                request_timeout=timeout_s,
            )
        )
        return {place.partition: at.offset for place, at in found.items()}

    def _ask(self, question: Callable[[float], Mapping[_Key, Future[Any]]]) -> dict[_Key, Any]:
        """Ask, and ask again for longer: of a cluster one broker may be away.

        The client asks the broker that it knows as the controller, and goes on asking it when it
        is gone, until metadata names another (in KRaft any broker answers for the controller).
        """
        for attempt_s in (_ATTEMPT_S, 2 * _ATTEMPT_S):
            try:
                return self._results(question(attempt_s))
            except LogUnavailable:
                self._refresh_metadata()
        return self._results(question(self._timeout))

    def _refresh_metadata(self) -> None:
        with suppress(LogUnavailable), translated():
            self._client.list_topics(timeout=_ATTEMPT_S)

    def _results(self, futures: Mapping[_Key, Future[Any]]) -> dict[_Key, Any]:
        return {key: self._result(future) for key, future in futures.items()}

    def _result(self, future: Future[Any]) -> Any:
        try:
            with translated():
                return future.result(self._timeout + 5)
        except Exception as error:
            cause = error.__cause__
            if isinstance(cause, KafkaException):
                first = cause.args[0]
                if isinstance(first, KafkaError) and (
                    first.code() == KafkaError.TOPIC_ALREADY_EXISTS
                ):
                    raise _AlreadyThere from error
            raise


class _AlreadyThere(Exception):
    """A topic to be created exists."""
