"""QuixStreams with a state value a run, in its RocksDB store with its changelog.

At least once, its default; exactly once would cost it more. It runs in an environment of its own,
because it wants an older confluent-kafka.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]

from .meter import Meter
from .perrun import fold_event, new_head


def main(bootstrap: str, topic: str, total: int, directory: Path) -> None:
    """Fold `total` records of all partitions."""
    app = Application(
        broker_address=bootstrap,
        consumer_group=f"{topic}-quix",
        auto_offset_reset="earliest",
        state_dir=directory / "state",
        consumer_extra_config={"fetch.queue.backoff.ms": 10},
        loglevel="WARNING",
    )
    seen = 0

    def fold(event: dict[str, Any], state: Any) -> None:
        nonlocal seen
        head = state.get("head") or new_head()
        chunk = fold_event(head, event)
        if chunk is not None:
            state.set(f"chunk-{head['chunks']}", chunk)
        state.set("head", head)
        seen += 1

    update: Callable[..., Any] = app.dataframe(app.topic(topic, value_deserializer="json")).update
    update(fold, stateful=True)
    Meter(total, lambda: seen).start()
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
