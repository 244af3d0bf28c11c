"""The bytes of an event."""

from functools import lru_cache
from typing import Any

from durable_streaming.eventlog import rfc3339
from durable_streaming.schemas import ABSENT, SCHEMA_VERSION, canonical

# A run has a handful of types, and a delta's would be encoded for each token.
_encoded_type = lru_cache(maxsize=256)(canonical)


class EventEncoder:
    """Writes the events of one run; what never changes between them is encoded once."""

    def __init__(self, run_id: str, producer_id: str, epoch: int) -> None:
        self._head = f'{{"schema_version":{SCHEMA_VERSION},"run_id":"{run_id}",'.encode()
        self._owner = canonical({"producer_epoch": epoch, "producer_id": producer_id})[1:-1]
        self._second = -1
        self._second_text = b""

    def encode(self, seq: int | None, event_type: str, time_ms: int, data: Any) -> bytes:
        """Encode one event.

        Args:
            seq: its place in the run, None for a control event.
            event_type: any string.
            time_ms: the producer's wall clock, milliseconds since 1970.
            data: JSON value, or `ABSENT` to leave the member out.

        Raises:
            ValueError: a number is not finite, or a string holds a lone surrogate.
            TypeError: a value that JSON has no word for.
            RecursionError: nested too deeply to be written at all.
        """
        seq_member = b"" if seq is None else b'"seq":%d,' % seq
        data_member = b"" if data is ABSENT else b',"data":' + canonical(data)
        return b'%b%b"type":%b,"time":"%b",%b%b}' % (
            self._head,
            seq_member,
            _encoded_type(event_type),
            self._time(time_ms),
            self._owner,
            data_member,
        )

    def _time(self, time_ms: int) -> bytes:
        # A calendar costs more than all the rest of a short event, and seconds change seldom.
        second, millis = divmod(time_ms, 1000)
        if second != self._second:
            self._second = second
            self._second_text = rfc3339(second * 1000)[: -len("000Z")].encode()
        return b"%b%03dZ" % (self._second_text, millis)
