"""Which agents serve: those whose consumer group has a member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

from durable_streaming.eventlog import Admin, EventLogError
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.threads import in_daemon_thread

_GROUP_PREFIX = "durable-agents-"

_Answer = TypeVar("_Answer")


@runtime_checkable
class _Groups(Protocol):
    def group_members(self, group: str) -> int:
        """Give the number of members of a consumer group, 0 where there is none."""

    def groups(self, prefix: str) -> dict[str, int]:
        """Give the number of members of each consumer group whose name begins so."""


async def serving(admin: Admin, agent: str) -> int:
    """Count the processes that serve under an agent's name.

    Raises:
        Refusal: the broker does not answer.
    """
    if not isinstance(admin, _Groups):
        # A log without consumer groups: nobody can serve from it.
        return 0
    return await _ask(admin.group_members, _GROUP_PREFIX + agent)


async def all_serving(admin: Admin) -> dict[str, int]:
    """Count the processes that serve, by the agent's name.

    Raises:
        Refusal: the broker does not answer.
    """
    if not isinstance(admin, _Groups):
        return {}
    groups = await _ask(admin.groups, _GROUP_PREFIX)
    return {name.removeprefix(_GROUP_PREFIX): count for name, count in groups.items() if count}


async def _ask(question: Callable[[str], _Answer], name: str) -> _Answer:
    try:
        return await in_daemon_thread(question, name)
    except EventLogError as error:
        raise Refusal("not-ready", f"the broker does not answer: {error}") from None
