"""Logs as they come: interleaved runs with repeats, disorder, bad records and silence."""

import json
import random
from collections.abc import Iterator
from typing import Any

Item = tuple[bytes | None, bytes]


def event(run_id: str, seq: int | None, kind: str, data: dict[str, Any], epoch: int = 0) -> bytes:
    """One event as a producer of this test would write it."""
    body: dict[str, Any] = {
        "schema_version": 1,
        "run_id": run_id,
        "type": kind,
        "time": "2026-11-23T15:40:27.518Z",
        "data": data,
    }
    if seq is not None:
        body |= {"seq": seq, "producer_id": f"p-{epoch}", "producer_epoch": epoch}
    return json.dumps(body).encode()


def clean_run(run_id: str, deltas: int, *, text: str | None = None, end: bool = True) -> list[Item]:
    """A run whose claimed answer equals what was streamed; `text` is what each delta adds."""
    texts = [text or f"word{n} " for n in range(deltas)]
    events = [event(run_id, 0, "run.started", {"agent": "sample", "title": run_id})]
    events += [event(run_id, 1 + n, "text.delta", {"text": text}) for n, text in enumerate(texts)]
    if end:
        answer = {"answer": {"text": "".join(texts)}}
        events.append(event(run_id, 1 + deltas, "run.completed", answer))
    return [(run_id.encode(), value) for value in events]


def untidy_log(
    seed: int, *, runs: int, deltas: int, at_once: int = 20, prefix: str = "run"
) -> Iterator[Item]:
    """Runs, some at once, with 5 % repeats, 5 % disorder, bad records and runs without an end."""
    chance = random.Random(seed)
    waiting = [
        iter(_disturbed(chance, clean_run(f"{prefix}-{seed}-{n}", deltas, end=n % 10 != 9)))
        for n in range(runs)
    ]
    active: list[Iterator[Item]] = []
    while waiting or active:
        while waiting and len(active) < at_once:
            active.append(waiting.pop())
        source = chance.choice(active)
        item = next(source, None)
        if item is None:
            active.remove(source)
        else:
            yield item


def _disturbed(chance: random.Random, items: list[Item]) -> Iterator[Item]:
    items = list(items)
    for index in range(1, len(items) - 1):
        if chance.random() < 0.05:
            items[index], items[index + 1] = items[index + 1], items[index]
    for key, value in items:
        yield key, value
        dice = chance.random()
        if dice < 0.05:
            yield key, value
        elif dice < 0.06:
            yield key, b'{"not": "an event"'
        elif dice < 0.065:
            yield b"elsewhere", value
        elif dice < 0.07:
            run_id = (key or b"").decode()
            yield key, event(run_id, None, "run.cancel_requested", {"reason": "test"})
