"""Start, watch and stop a whole stack.

Broker first, then topics, then processors and gateways; stopped the other way round. A child that
dies is started again. `run.json` always says what runs.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from durable_streaming.cli.exits import CliError
from durable_streaming.cli.output import note
from durable_streaming.cli.stack import RunFile
from durable_streaming.cli.supervisor.child import Child
from durable_streaming.cli.supervisor.exclusive import owned
from durable_streaming.cli.supervisor.hold import is_held
from durable_streaming.cli.supervisor.plan import Plan
from durable_streaming.cli.supervisor.ports import KAFKA_PORT, is_free, require_free
from durable_streaming.cli.supervisor.processes import end, end_all, identify
from durable_streaming.eventlog import KafkaSettings, LogAdmin
from durable_streaming.localkafka import ConsoleProgress, LocalKafka, LocalKafkaError, find_running

_READY_S = 120.0
_WATCH_S = 0.1


class Supervisor:
    """One stack over one data directory.

    Example:
        >>> with Supervisor(plan) as supervisor:
        ...     supervisor.watch()
    """

    def __init__(self, plan: Plan, on_log: Callable[[str], None] = lambda bootstrap: None) -> None:
        """Describe a stack.

        Args:
            plan: what it consists of.
            on_log: told the broker's address as soon as events can be published, which is some
                seconds before all serve.
        """
        self.plan = plan
        self._on_log = on_log
        self._kafka: LocalKafka | None = None
        self._bootstrap = plan.bootstrap or ""
        self._children: dict[Child, str] = {}
        self._stopping = threading.Event()

    def run(self) -> Iterator[RunFile]:
        """Start everything, give what runs once all serve, then watch until `stop`.

        Raises:
            CliError: something does not start; what was started is stopped again.
        """
        self.plan.logs.mkdir(parents=True, exist_ok=True)
        with owned(self.plan.data_dir), self._until_stopped():
            self._end_leftovers()
            for port in self.plan.gateway_ports:
                require_free(port)
            try:
                self._start_broker()
                self._on_log(self._bootstrap)
                self._start_children()
                self._await_ready()
                if self._stopping.is_set():
                    return
                yield self._write_run_file()
                self._watch()
            finally:
                self._stop_all()

    def stop(self) -> None:
        """Ask the supervisor to stop all in order."""
        self._stopping.set()

    @contextmanager
    def _until_stopped(self) -> Iterator[None]:
        def handle(*_: object) -> None:
            if self._stopping.is_set():
                raise KeyboardInterrupt  # The second time it is meant at once.
            self._stopping.set()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {sign: signal.signal(sign, handle) for sign in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)

    def _end_leftovers(self) -> None:
        """End what a supervisor that was killed left running over this directory."""
        left = RunFile.read(self.plan.data_dir)
        if left is not None:
            end_all(p for p in left.processes if p.role != "kafka")
            RunFile.remove(self.plan.data_dir)
        broker = find_running(self.plan.kafka_dir)
        if broker is not None:
            note("stopping the broker that an earlier run left behind")
            broker.stop()

    def _start_broker(self) -> None:
        if self.plan.bootstrap is None:
            # The port that clients expect, where this is a first start and nobody has it; the
            # broker keeps its port from then on.
            first = not self.plan.kafka_dir.exists()
            port = KAFKA_PORT if first and is_free(KAFKA_PORT) else None
            self._kafka = LocalKafka(self.plan.kafka_dir, port=port)
            try:
                self._kafka.start(progress=ConsoleProgress())
            except LocalKafkaError as error:
                raise CliError(str(error)) from error
            self._bootstrap = self._kafka.bootstrap
        settings = KafkaSettings(kafka_bootstrap=self._bootstrap)
        admin = LogAdmin(settings, timeout_s=30)
        there = admin.topics()
        events = there.get(settings.topics.events)
        # Topics that exist keep the number of partitions that they were made with.
        specs = settings.topics.specs(partitions=events) if events else settings.topics.specs()
        if admin.ensure_topics(specs):
            note("topics created")

    def _start_children(self) -> None:
        self._children = self.plan.children(self._bootstrap)
        for child in self._children:
            child.start()
        self._write_run_file()

    def _await_ready(self) -> None:
        note("waiting until processors and gateway serve")
        waiting = dict(self._children)
        deadline = time.monotonic() + _READY_S
        while waiting and not self._stopping.is_set():
            for child, url in list(waiting.items()):
                if child.ended() is not None:
                    raise CliError(
                        f"{child.name} ended at its start (exit {child.ended()}); its log "
                        f"{child.log} ends with:\n{child.last_words()}"
                    )
                if _answers(url):
                    del waiting[child]
            if time.monotonic() > deadline:
                names = ", ".join(child.name for child in waiting)
                raise CliError(f"{names} did not become ready in {_READY_S:.0f} s: see the logs "
                               f"in {self.plan.logs}")  # fmt: skip
            time.sleep(0.05)

    def _watch(self) -> None:
        while not self._stopping.wait(_WATCH_S):
            self._mend_broker()
            held = is_held(self.plan.data_dir)
            for child in self._children:
                code = child.ended()
                if held and child.role == "processor":
                    if code is None and child.pid is not None:
                        end(identify(child.role, child.pid))
                        note(f"{child.name} is kept down for a rebuild")
                elif code is not None and child.restart_if_due():
                    note(f"{child.name} ended ({_describe(code)}): started again")
                    self._write_run_file()

    def _mend_broker(self) -> None:
        kafka = self._kafka
        if kafka is None or kafka.poll() is None:
            return
        note(f"the broker ended ({_describe(kafka.poll() or 0)}): starting it again")
        while not self._stopping.is_set():
            try:
                kafka.start()
                break
            except LocalKafkaError as error:
                note(f"the broker does not start: {error}")
                self._stopping.wait(2.0)
        self._write_run_file()

    def _write_run_file(self) -> RunFile:
        processes = [identify("supervisor", os.getpid())]
        if self._kafka is not None and self._kafka.poll() is None:
            processes.append(identify("kafka", self._kafka.pid))
        for child in self._children:
            if child.pid is not None:
                processes.append(identify(child.role, child.pid))
        urls = self.plan.gateway_urls
        run = RunFile(urls[0], urls, self._bootstrap, processes, KafkaSettings().topic_prefix)
        run.write(self.plan.data_dir)
        return run

    def _stop_all(self) -> None:
        for role in ("gateway", "processor"):
            for child in self._children:
                if child.role == role and child.pid is not None and child.ended() is None:
                    end(identify(role, child.pid))
        if self._kafka is not None:
            self._kafka.stop()
        RunFile.remove(self.plan.data_dir)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _describe(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
