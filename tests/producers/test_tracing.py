"""The active span's context travels with the record, merged text included."""

import pytest

from durable_streaming.producers import SyncAgentProducer
from tests.producers.support import TOPIC, memory_log, settings

trace = pytest.importorskip("opentelemetry.trace")


def test_records_carry_the_context_of_the_active_span() -> None:
    log = memory_log(partitions=1)
    context = trace.SpanContext(0xA1, 0xB2, is_remote=False, trace_flags=trace.TraceFlags(1))
    with (
        SyncAgentProducer(settings(), log=log) as producer,
        producer.run(agent="a") as run,
    ):
        with trace.use_span(trace.NonRecordingSpan(context)):
            run.emit("x.a", {})
            run.text("first")
            run.text("merged")
        run.flush()
    with log.reader({(TOPIC, 0): 0}) as reader:
        headers = [list(record.headers) for record in reader.read(0)]
    parent = ("traceparent", b"00-000000000000000000000000000000a1-00000000000000b2-01")
    assert headers == [[], [parent], [parent], [parent], []]
