"""The engine of `durable import`: recorded provider streams become runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from durable_streaming.producers import facts
from durable_streaming.producers.adapters import Adapter, UnknownStream, adapter_for
from durable_streaming.producers.delivery.engine import Engine
from durable_streaming.producers.errors import ProducerError
from durable_streaming.producers.identity import new_run_id
from durable_streaming.producers.sync_run import SyncRunHandle

if TYPE_CHECKING:
    from durable_streaming.eventlog import KafkaSettings, Log
    from durable_streaming.producers.options import ProducerOptions

REALTIME_CHUNKS_PER_S: Final = 30.0
"""About what people see when a model answers. Recordings carry no times, so this is a rate."""


class UnreadableRecording(ProducerError):
    """The file is no recording that an adapter reads."""


class Imported(NamedTuple):
    """One recording that became a run, every event of it stored."""

    file: str
    run_id: str
    events: int


def import_streams(
    files: Iterable[Path],
    *,
    api: str = "auto",
    chunks_per_s: float | None = None,
    agent: str = "import",
    settings: KafkaSettings | None = None,
    options: ProducerOptions | None = None,
    log: Log | None = None,
) -> Iterator[Imported]:
    """Make a run of each recording, one after the other.

    Deltas are not merged: the same recording always gives the same events.

    Args:
        files: JSON Lines, one chunk of the provider's a line.
        api: which adapter; `auto` tells it from the first chunk.
        chunks_per_s: how fast to read; as fast as possible, when None.
        agent: the name that the runs carry.
        settings: of the connection; the environment, when None.
        options: of the producer.
        log: another log than the settings' Kafka.

    Raises:
        UnreadableRecording: a line is no JSON, or no adapter reads the first chunk. A run that has
            begun by then ends as failed.
        OSError: the file can't be read.
        OutcomeUnknown, PublishingStopped: not every event was stored.
    """
    engine = Engine(settings, options, log)
    try:
        for file in files:
            yield _import(engine, file, api, chunks_per_s, agent)
    finally:
        engine.close()


def _import(
    engine: Engine, file: Path, api: str, chunks_per_s: float | None, agent: str
) -> Imported:
    chunks = _paced(_chunks(file), chunks_per_s)
    first = next(chunks, None)
    if first is None:
        raise UnreadableRecording(f"{file} is empty: a recording has one chunk a line")
    try:
        adapter = adapter_for(api, first)
    except (UnknownStream, TypeError) as error:
        raise UnreadableRecording(f"{file}: {error}") from error
    # Before the run starts, because the first chunk mostly names the model.
    first_facts = _fed(adapter, first, file)
    started = facts.started(agent, file.name, None, adapter.model, None, None, {"api": adapter.api})
    # What a provider did is recorded as it was, in whatever order: the log's own rules suffice.
    writer = engine.new_run(new_run_id(), strict=False)
    with SyncRunHandle(writer, started) as run:
        for fact in first_facts:
            run.emit(*fact)
        for chunk in chunks:
            for fact in _fed(adapter, chunk, file):
                run.emit(*fact)
        for fact in adapter.finish():
            run.emit(*fact)
    run.flush()
    return Imported(str(file), run.run_id, run.next_seq)


def _fed(adapter: Adapter, chunk: Any, file: Path) -> Iterable[tuple[str, Any]]:
    try:
        return adapter.feed(chunk)
    except TypeError as error:
        raise UnreadableRecording(f"{file}: {error}") from error


def _chunks(file: Path) -> Iterator[Any]:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UnreadableRecording(f"{file}, line {number} is no JSON") from error


def _paced(chunks: Iterator[Any], chunks_per_s: float | None) -> Iterator[Any]:
    began_s = time.monotonic()
    for number, chunk in enumerate(chunks):
        if chunks_per_s is not None:
            time.sleep(max(0.0, began_s + number / chunks_per_s - time.monotonic()))
        yield chunk
