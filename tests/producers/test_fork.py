"""A producer that was opened before a fork refuses to serve the child."""

import multiprocessing
import warnings
from multiprocessing.connection import Connection

from durable_streaming.producers import NotOpen, SyncAgentProducer, SyncRunHandle
from tests.producers.support import memory_log, settings


def _use(run: SyncRunHandle, pipe: Connection) -> None:
    said = []
    for call in (lambda: run.text("a"), lambda: run.emit("x.a", {}), lambda: run.flush()):
        try:
            call()
            said.append("went on")
        except NotOpen as error:
            said.append(str(error))
    pipe.send(said)


def test_a_child_is_told_to_open_its_own() -> None:
    ours, theirs = multiprocessing.Pipe()
    with (
        SyncAgentProducer(settings(), log=memory_log()) as producer,
        producer.run(agent="a") as run,
        warnings.catch_warnings(),
    ):
        # Python warns of forking with threads; that is what is being tried.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = multiprocessing.get_context("fork").Process(target=_use, args=(run, theirs))
        child.start()
        assert ours.poll(30)
        said = ours.recv()
        child.join(30)
    assert len(said) == 3
    assert all("in each process" in text for text in said)
