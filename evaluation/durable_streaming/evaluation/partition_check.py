"""One partition, folded anew and compared run by run."""

from collections.abc import Collection, Iterator

from durable_streaming.evaluation.pinned import Pinned
from durable_streaming.evaluation.report import Difference, Report
from durable_streaming.eventlog import Record
from durable_streaming.processors.fold import Derived, DerivedTopic, MemoryStore, PartitionFold
from durable_streaming.schemas import Event, decode, judge

Tables = dict[DerivedTopic, dict[bytes, bytes]]
TABLES: tuple[DerivedTopic, ...] = ("drafts", "packets", "reconciliations")


class PartitionCheck:
    """Folds a partition from its beginning; each run is compared where its live record stands."""

    def __init__(
        self,
        events: Pinned,
        partition: int,
        position: int,
        tables: Tables,
        run_ids: Collection[str] | None,
        report: Report,
    ) -> None:
        self._events = events
        self._partition = partition
        self._position = position
        self._tables = tables
        self._wanted = run_ids
        self._report = report
        self._store = MemoryStore()
        self._fold = PartitionFold(partition, len(events.end), store=self._store)
        self._due = self._standings()

    def run(self, records: Iterator[Record]) -> set[str]:
        """Fold and compare; gives the runs seen."""
        started: dict[str, bool] = {}
        first_offsets: dict[str, int] = {}
        compared: set[str] = set()
        for record in records:
            self._fold.feed(record)
            event = judge(record.value, record.key, self._partition, len(self._events.end))
            if isinstance(event, Event):
                self._report.events += 1
                first_offsets.setdefault(event.run_id, record.offset)
                started[event.run_id] = started.get(event.run_id, False) or event.seq == 0
            due = self._due.pop(record.offset, None)
            if due is not None:
                self._store.commit(self._fold.drain())
                compared.add(due)
                if self._is_wanted(due) and not self._has_expired(started.get(due, False)):
                    self._compare(due)
        self._store.commit(self._fold.drain())
        for run_id, whole in started.items():
            if not self._is_wanted(run_id):
                continue
            if self._has_expired(whole):
                self._report.expired.append(run_id)
            elif run_id not in compared and first_offsets[run_id] < self._position:
                self._compare(run_id)
        for run_id in self._due.values():
            # A table speaks of a record that the log doesn't have any more, or never had.
            if run_id not in started and self._is_wanted(run_id):
                self._report.expired.append(run_id)
        return set(started)

    def compare_letters(self, letters: list[Record]) -> None:
        """Each bad record below the position has exactly one letter, and no other is there."""
        expected = [
            (_letter_offset(letter), letter)
            for letter in self._store.letters
            if letter.topic == "dead_letters"
        ]
        begin = self._events.begin[self._partition]
        want = {offset: letter for offset, letter in expected if offset < self._position}
        found: dict[int, list[Record]] = {}
        for record in letters:
            offset = int(dict(record.headers)["offset"])
            if begin <= offset < self._position:
                found.setdefault(offset, []).append(record)
        for offset in sorted(want.keys() | found.keys()):
            letter = want.get(offset)
            copies = found.get(offset, [])
            same = (
                letter is not None
                and len(copies) == 1
                and (letter.key, letter.value) == (copies[0].key, copies[0].value)
                and sorted(letter.headers) == sorted(copies[0].headers)
            )
            if not same:
                self._report.differences.append(
                    Difference(
                        None,
                        "dead_letters",
                        f"{self._partition}:{offset} ({len(copies)} letters)",
                        -1,
                        letter.value if letter is not None else None,
                        copies[0].value if copies else None,
                    )
                )

    def _standings(self) -> dict[int, str]:
        """Say at which offset each run's live record stands."""
        due: dict[int, str] = {}
        for topic in ("drafts", "reconciliations"):
            for key, value in self._tables[topic].items():
                if b"#" not in key:
                    due[decode(value)["applied"]["offset"]] = key.decode()
        return due

    def _is_wanted(self, run_id: str) -> bool:
        return self._wanted is None or run_id in self._wanted

    def _has_expired(self, whole: bool) -> bool:
        return not whole and self._events.begin[self._partition] > 0

    def _compare(self, run_id: str) -> None:
        self._report.runs += 1
        for topic in TABLES:
            expected = dict(self._of_run(run_id, dict(self._store.scan(topic, run_id.encode()))))
            found = dict(self._of_run(run_id, self._tables[topic]))
            for key in sorted(expected.keys() | found.keys()):
                if expected.get(key) != found.get(key):
                    self._report.differences.append(
                        _difference(run_id, topic, key, expected.get(key), found.get(key))
                    )
                    return

    @staticmethod
    def _of_run(run_id: str, table: dict[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
        whole = run_id.encode()
        for key, value in table.items():
            if key == whole or key.startswith(whole + b"#"):
                yield key, value


def _letter_offset(letter: Derived) -> int:
    return int(dict(letter.headers)["offset"])


def _difference(
    run_id: str, topic: str, key: bytes, expected: bytes | None, found: bytes | None
) -> Difference:
    at = -1
    if expected is not None and found is not None:
        pairs = enumerate(zip(expected, found, strict=False))
        at = next((n for n, (a, b) in pairs if a != b), min(len(expected), len(found)))
    return Difference(run_id, topic, key.decode(), at, expected, found)
