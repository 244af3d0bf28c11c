"""`durable rebuild`: fold everything again, after a change of the fold."""

import time
from typing import TYPE_CHECKING

import typer

from durable_streaming.cli.exits import FAILED, OK
from durable_streaming.cli.options import DataDir

if TYPE_CHECKING:
    from durable_streaming.processors.settings import ProcessorSettings


def rebuild(data_dir: DataDir = None) -> None:
    """Empty the derived topics, dead letters and control, and fold the log from its beginning.

    The processors of a local stack are kept down meanwhile; elsewhere stop them first.
    """
    from durable_streaming.cli.stack import chosen_data_dir, find_stack
    from durable_streaming.cli.supervisor.hold import processors_held
    from durable_streaming.processors import worker
    from durable_streaming.processors.settings import ProcessorSettings

    stack, folder = find_stack(data_dir), chosen_data_dir(data_dir)
    settings = ProcessorSettings(
        kafka_bootstrap=stack.kafka.kafka_bootstrap,
        topic_prefix=stack.kafka.topic_prefix,
        data_dir=folder,
        # The store of a worker that is down is nobody's; one of our own is in nobody's way.
        processor_id="rebuild",
    )
    with processors_held(folder):
        _await_empty_group(settings)
        code = worker.rebuild(settings)
    raise typer.Exit(OK if code == 0 else FAILED)


def _await_empty_group(settings: "ProcessorSettings") -> None:
    # A worker with a name of its own stays a member until its session is over, so that a restart
    # takes its partitions back.
    from durable_streaming.eventlog import LogAdmin

    admin = LogAdmin(settings)
    deadline = time.monotonic() + settings.session_timeout + 5
    while admin.group_members(settings.application) and time.monotonic() < deadline:
        time.sleep(0.2)
