"""The whole pipeline on this machine: `make demo`.

Starts broker, processors and gateway, lets a fleet of the Kafka guide answer a dozen questions at
a pace that a person can watch, and shows a table of the runs as the gateway reports them.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Self

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
        with Stack(plan) as running:
            return asyncio.run(demonstrate(running, questions, arguments.pace, arguments.once))
    except ExceptionGroup as group:
        error: Exception = group
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        return _fail(error)
    except (CliError, EventLogError, LocalKafkaError) as error:
        return _fail(error)
    except KeyboardInterrupt:
        return 130


def _fail(error: Exception) -> int:
    if not isinstance(error, CliError | EventLogError | LocalKafkaError):
        raise error
    sys.stderr.write(f"error: {error}\n")
    return 1


class Stack:
    """A stack that runs in a thread of its own for as long as the context is open."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.log: Future[str] = Future()
        """The broker's address, once events can be published."""
        self.ready: Future[RunFile] = Future()
        """What runs, once all serve."""
        self._supervisor = Supervisor(plan, on_log=self.log.set_result)
        self._thread = threading.Thread(target=self._supervise, name="supervisor")

    def _supervise(self) -> None:
        try:
            for run in self._supervisor.run():
                self.ready.set_result(run)
        except BaseException as error:
            for future in (self.log, self.ready):
                if not future.done():
                    future.set_exception(error)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._supervisor.stop()
        self._thread.join()


async def demonstrate(stack: Stack, questions: tuple[str, ...], pace: float, once: bool) -> int:
    """Let the fleet answer, show it, and give the exit code."""
    url = stack.plan.gateway_urls[0]
    settings = KafkaSettings(kafka_bootstrap=await asyncio.wrap_future(stack.log))
    opened = await asyncio.to_thread(open_local_index, None, ConsoleProgress())
    table = RunTable(questions)
    with opened as index, GatewayClient(url) as gateway, table:
        async with asyncio.TaskGroup() as group:
            # A stack that does not start ends the fleet too.
            group.create_task(_report_ready(stack, table))
            refreshing = group.create_task(_refresh(table, gateway))
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
            refreshing.cancel()
    table.print_summary()
    if not once:
        sys.stderr.write(f"\nThe dashboard stays at {url} - Ctrl-C ends all.\n")
        await _interrupted()
    return 0 if table.completed.is_set() and not table.failures else 1


async def _report_ready(stack: Stack, table: RunTable) -> None:
    run = await asyncio.wrap_future(stack.ready)
    table.say(f"dashboard: {run.gateway_url}")


async def _refresh(table: RunTable, gateway: GatewayClient) -> None:
    while True:
        with suppress(CliError):  # The gateway is starting, or being restarted: it will be there.
            page = await asyncio.to_thread(gateway.runs, limit=500)
            table.update(page["runs"])
        await asyncio.sleep(0.3)


async def _interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
