"""What is measured of a contender."""

import json
import time
import uuid
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

from durable_streaming.eventlog import KafkaLog

from .client import Client, Mark
from .contenders import REPLAYING, Contender, Site
from .events import append, interleaved, run_ids, start_runs
from .process import cpu_seconds, rss_kb
from .publishing import begin, publishing

_WARM_UP_S: Final = 1.5
_DRAIN_S: Final = 5.0
_CATCH_UP_S: Final = 60.0
REPLAYED_EVENTS: Final = 5_000
_OTHERS_EVENTS: Final = 200


@dataclass(frozen=True, slots=True)
class Load:
    """So many viewers of so many runs, and deliveries a second to all of them."""

    runs: int
    viewers_a_run: int
    per_second: int

    @property
    def viewers(self) -> int:
        """How many there are."""
        return self.runs * self.viewers_a_run


class Delivered(NamedTuple):
    """What came of a load.

    Attributes:
        reached: deliveries a second.
        cpu: seconds of the server's CPU for a million deliveries.
        joined: events in a read of the client's.
        lost: events that a viewer never got, of all that were written; None where it was still
            behind when nobody waited any longer.
        wrong: what a viewer must not see, by its name in `Mark`: how often it did.
        connected_s: until all viewers were subscribed.
        client_busy: share of a core that the load client took.
    """

    reached: float
    cpu: float
    server_busy: float
    client_busy: float
    joined: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    lost: int | None
    wrong: dict[str, int]
    connected_s: float


def deliver(
    contender: Contender,
    site: Site,
    log: KafkaLog,
    load: Load,
    *,
    seconds: float,
    headers: bool = False,
    warm_up_s: float = _WARM_UP_S,
) -> Delivered:
    """Deliver live events at a rate.

    Args:
        contender: who delivers.
        site: where.
        log: has the topic.
        load: how many viewers, and the rate.
        seconds: how long it is measured.
        headers: whether records name their run in a header, too.
        warm_up_s: how long events flow before; they go on for as long after.
    """
    prefix = _prefix()
    start_runs(log, run_ids(prefix, load.runs))
    with (
        contender.serve(site) as pid,
        Client(contender, site.port, prefix=prefix, runs=load.runs, viewers=load.viewers) as client,
        publishing(
            site,
            prefix,
            runs=load.runs,
            per_second=load.per_second / load.viewers_a_run,
            seconds=seconds + 2 * warm_up_s,
            headers=headers,
        ) as publisher,
    ):
        opened = client.open()
        begin(publisher)
        time.sleep(warm_up_s)
        cpu, before = cpu_seconds(pid), client.mark()
        time.sleep(seconds)
        cpu, after = cpu_seconds(pid) - cpu, client.mark()
        written = json.loads(publisher.communicate(timeout=60)[0].splitlines()[-1])
        end = client.wait(written["each"], _DRAIN_S)
    count, took = after.events - before.events, after.at - before.at
    lost: int | None = load.viewers * written["each"] - end.events
    wrong = _wrong(end)
    if lost and not any(wrong.values()):
        lost = None
    return Delivered(
        reached=count / took,
        cpu=cpu / count * 1e6,
        server_busy=cpu / took,
        client_busy=(after.cpu_s - before.cpu_s) / took,
        joined=count / (after.reads - before.reads),
        p50_ms=after.p50_ms,
        p99_ms=after.p99_ms,
        p999_ms=after.p999_ms,
        lost=lost,
        wrong=wrong,
        connected_s=opened.ready_s,
    )


class Sockets(NamedTuple):
    """What sockets cost that wait.

    Attributes:
        kb: resident memory of the server for each, KiB.
        connected_s: until so many were subscribed.
    """

    sockets: int
    kb: float
    connected_s: float


def idle(contender: Contender, site: Site, log: KafkaLog, sockets: int) -> Sockets:
    """Open sockets on which nothing happens."""
    prefix, runs = _prefix(), 200
    start_runs(log, run_ids(prefix, runs))
    with (
        contender.serve(site) as pid,
        Client(contender, site.port, prefix=prefix, runs=runs, viewers=sockets) as client,
    ):
        time.sleep(1)
        before = rss_kb(pid)
        opened = client.open()
        time.sleep(1)
        return Sockets(sockets, (rss_kb(pid) - before) / sockets, opened.ready_s)


class CatchUp(NamedTuple):
    """From the first connect to the last event of the last viewer, seconds."""

    one_s: list[float]
    crowd_s: float
    wrong: int


def catch_up(site: Site, log: KafkaLog, *, runs: int, viewers: int) -> CatchUp:
    """Read whole runs from the start: each by one viewer, then all by many at once."""
    prefix = _prefix()
    append(log, interleaved(dict.fromkeys(run_ids(prefix, runs), REPLAYED_EVENTS)))
    with REPLAYING.serve(site):
        alone = [_replay(site, prefix, run) for run in range(runs)]
        with Client(REPLAYING, site.port, prefix=prefix, runs=runs, viewers=viewers) as client:
            opened = client.open()
            mark = client.wait(REPLAYED_EVENTS, _CATCH_UP_S)
    missing = viewers * REPLAYED_EVENTS - mark.events
    return CatchUp(
        [seconds for seconds, _ in alone],
        mark.at - opened.began_at,
        missing + sum(_wrong(mark).values()) + sum(wrong for _, wrong in alone),
    )


class Interleaving(NamedTuple):
    """Replays of runs, seconds: written with nothing in between, and among others."""

    alone_s: list[float]
    among_s: list[float]
    wrong: int

    @property
    def ratio(self) -> float:
        """How much longer it takes among others."""
        return median(self.among_s) / median(self.alone_s)


def interleave(site: Site, log: KafkaLog, *, runs: int, others: int) -> Interleaving:
    """Replay runs from a store that has nothing else, then such that lie among others."""
    found: list[list[tuple[float, int]]] = []
    for count in (0, others):
        prefix = _prefix()
        ours = dict.fromkeys(run_ids(prefix, runs + 1), REPLAYED_EVENTS)
        if count:
            append(
                log, interleaved(ours | dict.fromkeys(run_ids(_prefix(), count), _OTHERS_EVENTS))
            )
        else:
            for run_id, length in ours.items():
                append(log, interleaved({run_id: length}))
        # Once to fill the store, then anew: what was just written would come from memory.
        with REPLAYING.serve(site):
            pass
        with REPLAYING.serve(site):
            # The first request of a process pays for what is imported late.
            _replay(site, prefix, runs)
            found.append([_replay(site, prefix, run) for run in range(runs)])
    alone, among = found
    return Interleaving(
        [s for s, _ in alone], [s for s, _ in among], sum(w for _, w in alone + among)
    )


def _replay(site: Site, prefix: str, run: int) -> tuple[float, int]:
    with Client(REPLAYING, site.port, prefix=prefix, runs=1, viewers=1, first_run=run) as client:
        opened = client.open()
        mark = client.wait(REPLAYED_EVENTS, _CATCH_UP_S)
    return mark.at - opened.began_at, REPLAYED_EVENTS - mark.events + sum(_wrong(mark).values())


def _wrong(mark: Mark) -> dict[str, int]:
    return {
        "gaps": mark.gaps,
        "repeats": mark.repeats,
        "disorder": mark.disorder,
        "closed": mark.closed,
    }


def _prefix() -> str:
    return f"b{uuid.uuid4().hex[:8]}"
