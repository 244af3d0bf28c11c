"""The records that every contender folds: deltas of many runs at once, some of which end."""

import random
from collections.abc import Iterator, Mapping

import msgspec

Item = tuple[bytes, bytes]
"""Key and value of a record."""

# A run of this many events streams an answer of about 1,100 characters.
RUN_EVENTS = 200

_WORDS = ("with ", "the ", "broker ", "a ", "partition ", "of ", "an ", "offset ", "is ", "read ")
_TIME = "2026-11-23T15:40:27.518Z"
_encode = msgspec.json.Encoder().encode


def records(count: int, *, active_runs: int, seed: int = 1) -> Iterator[Item]:
    """Give `count` records of runs of which `active_runs` are always going on.

    Where a run ends another begins. The first ones begin at different places of their way, so
    that ends are spread evenly over the records however few there are.
    """
    chance = random.Random(seed)
    lengths = [chance.randint(3, RUN_EVENTS) for _ in range(active_runs)]
    runs = [_run(f"run-{n}", length, chance) for n, length in enumerate(lengths)]
    started = active_runs
    for _ in range(count):
        slot = chance.randrange(active_runs)
        item = next(runs[slot], None)
        if item is None:
            runs[slot] = _run(f"run-{started}", RUN_EVENTS, chance)
            started += 1
            item = next(runs[slot])
        yield item


def _run(run_id: str, length: int, chance: random.Random) -> Iterator[Item]:
    key = run_id.encode()
    yield key, _event(run_id, 0, "run.started", {"agent": "benchmark", "title": run_id})
    texts = [chance.choice(_WORDS) for _ in range(length - 2)]
    for seq, text in enumerate(texts, 1):
        yield key, _event(run_id, seq, "text.delta", {"text": text})
    answer = {"answer": {"text": "".join(texts)}}
    yield key, _event(run_id, length - 1, "run.completed", answer)


def _event(run_id: str, seq: int, kind: str, data: Mapping[str, object]) -> bytes:
    return _encode(
        {
            "schema_version": 1,
            "run_id": run_id,
            "type": kind,
            "seq": seq,
            "producer_id": "benchmark",
            "producer_epoch": 0,
            "time": _TIME,
            "data": data,
        }
    )
