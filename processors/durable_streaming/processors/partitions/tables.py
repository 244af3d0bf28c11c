"""The derived topics that are tables: compacted, recovered on assignment, mirrored on disk."""

from typing import Final, Literal, get_args

from durable_streaming.schemas import Topics

TableName = Literal["drafts", "packets", "reconciliations", "state"]

TABLE_NAMES: Final[tuple[TableName, ...]] = get_args(TableName)


def topic_of(topics: Topics, derived: str) -> str:
    """Return the full topic name of a derived record's short one.

    Args:
        topics: the names under the configured prefix.
        derived: what the fold calls it: a table name, `control` or `dead_letters`.
    """
    name: str = getattr(topics, derived)
    return name


def table_topics(topics: Topics) -> dict[str, TableName]:
    """Return the tables by full topic name."""
    return {topic_of(topics, name): name for name in TABLE_NAMES}
