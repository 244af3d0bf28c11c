"""The documentation of the very Kafka that this project runs on this machine."""

from pathlib import Path

from durable_streaming.localkafka import Progress, ensure_jars, find_java

from .documentation import open_index
from .index import Index
from .settings import GuideSettings


def open_local_index(
    settings: GuideSettings | None = None, progress: Progress | None = None
) -> Index:
    """Open the index; the first time this fetches the broker's jars and asks them.

    Args:
        settings: Where to keep it; the environment's, when None.
        progress: Where a first fetch of the jars is shown.

    Raises:
        LocalKafkaError: No Java, or the jars are neither here nor to be had.
        DocumentationUnavailable: The jars did not print their documentation.
    """
    cache_dir: Path = (settings or GuideSettings()).cache_dir
    return open_index(cache_dir, find_java().path, ensure_jars(progress=progress))
