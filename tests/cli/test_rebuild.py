"""`durable rebuild` on a running stack: the same tables again, from the log alone."""

import pytest

from durable_streaming.evaluation import last_values, pin
from durable_streaming.eventlog import KafkaLog, KafkaSettings
from tests.cli.stacks import RunningStack, eventually, lines
from tests.cli.test_pipeline import answer, new_run, wait_for_verdict

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def tables(stack: RunningStack) -> dict[str, dict[bytes, bytes]]:
    settings = KafkaSettings(kafka_bootstrap=stack.run_file.kafka_bootstrap)
    log, topics = KafkaLog(settings), settings.topics
    found: dict[str, dict[bytes, bytes]] = {}
    for topic in (topics.drafts, topics.packets, topics.reconciliations):
        pinned = pin(log, topic)
        found[topic] = {
            key: value
            for partition in pinned.end
            for key, value in last_values(log, pinned, partition).items()
        }
    return found


def test_a_rebuild_gives_the_same_tables_and_the_stack_goes_on(stack: RunningStack) -> None:
    run_id = new_run()
    assert stack.run("publish", "-", stdin=lines(answer(run_id))).code == 0
    wait_for_verdict(stack, run_id)
    before, old = tables(stack), stack.pids("processor")
    rebuilt = stack.run("rebuild")
    assert rebuilt.code == 0, rebuilt.err
    assert tables(stack) == before
    eventually(lambda: stack.pids("processor") != old and stack.is_serving(), 60, step=0.5)
    later = new_run()
    assert stack.run("publish", "-", stdin=lines(answer(later))).code == 0
    wait_for_verdict(stack, later)
    assert stack.run("verify", "--all").code == 0
