"""The whole pipeline on this machine: `make demo`.

Starts broker, processors and gateway, lets a fleet of the Kafka guide answer a dozen questions at
a pace that a person can watch, and shows a table of the runs as the gateway reports them.
"""

import argparse
import asyncio
import os
import queue
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from durable_streaming.cli.client import GatewayClient
from durable_streaming.cli.exits import CliError
from durable_streaming.cli.stack import RunFile
from durable_streaming.cli.supervisor.plan import Plan
from durable_streaming.cli.supervisor.ports import free_port, is_free
from durable_streaming.cli.supervisor.supervisor import Supervisor
from durable_streaming.eventlog import EventLogError, KafkaSettings
from durable_streaming.localkafka import ConsoleProgress, LocalKafkaError
from durable_streaming.producers import AgentProducer
from examples.demo_table import RunTable
from examples.kafka_guide.fleet import run_fleet
from examples.kafka_guide.local import open_local_index
from examples.kafka_guide.questions import QUESTIONS

_PACE = 30.0
"""Tokens a second and run: about what people know from chat windows."""

_CONCURRENCY = 4
_VERDICTS_S = 60.0


def main() -> int:
    """Run the demo; gives the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when all runs have verdicts")
    parser.add_argument("--data-dir", type=Path, default=Path(".durable/demo"))
    parser.add_argument("--port", type=int, default=8080, help="of the gateway, where it is free")
    parser.add_argument("--pace", type=float, default=_PACE, help="tokens a second and run")
    parser.add_argument("--questions", type=int, default=len(QUESTIONS), help="at most so many")
    arguments = parser.parse_args()
    data_dir = arguments.data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    port = arguments.port if is_free(arguments.port) else free_port()
    bootstrap = os.environ.get("DURABLE_KAFKA_BOOTSTRAP") or None
    plan = Plan(data_dir, port, 1, 1, bootstrap)
    questions = QUESTIONS[: arguments.questions]
    try:
        with stack(plan) as run:
            return asyncio.run(demonstrate(run, questions, arguments.pace, once=arguments.once))
    except (CliError, EventLogError, LocalKafkaError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


@contextmanager
def stack(plan: Plan) -> Iterator[RunFile]:
    """Keep a stack running in a thread of its own for as long as the context is open.

    Raises:
        CliError: it does not start.
    """
    supervisor = Supervisor(plan)
    said: queue.SimpleQueue[RunFile | BaseException] = queue.SimpleQueue()

    def supervise() -> None:
        try:
            for run in supervisor.run():
                said.put(run)
        except BaseException as error:
            said.put(error)

    thread = threading.Thread(target=supervise, name="supervisor")
    thread.start()
    try:
        first = said.get()
        if isinstance(first, BaseException):
            raise first
        yield first
    finally:
        supervisor.stop()
        thread.join()


async def demonstrate(run: RunFile, questions: tuple[str, ...], pace: float, *, once: bool) -> int:
    """Let the fleet answer, show it, and give the exit code."""
    settings = KafkaSettings(kafka_bootstrap=run.kafka_bootstrap)
    opened = await asyncio.to_thread(open_local_index, None, ConsoleProgress())
    table = RunTable(questions, run.gateway_url)
    with opened as index, GatewayClient(run.gateway_url) as gateway, table:
        async with _refreshing(table, gateway):
            async with AgentProducer(settings) as producer:
                await run_fleet(
                    producer,
                    questions,
                    index,
                    concurrency=_CONCURRENCY,
                    pace=pace,
                    on_progress=table.progress,
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(table.completed.wait(), _VERDICTS_S)
    table.print_summary()
    if not once:
        sys.stderr.write(f"\nThe dashboard stays at {run.gateway_url} - Ctrl-C ends all.\n")
        await _interrupted()
    return 0 if table.completed.is_set() and not table.failures else 1


@asynccontextmanager
async def _refreshing(table: RunTable, gateway: GatewayClient) -> AsyncIterator[None]:
    async def refresh() -> None:
        while True:
            with suppress(CliError):  # The gateway is being restarted: it will be back.
                page = await asyncio.to_thread(gateway.runs, limit=500)
                table.update(page["runs"])
            await asyncio.sleep(0.3)

    task = asyncio.create_task(refresh())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
