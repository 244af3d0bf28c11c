import pytest

from durable_streaming.evaluation import folded_positions, verify
from durable_streaming.processors.fold import Derived
from tests.evaluation.worlds import TOPICS, World, event, home


@pytest.fixture
def world() -> World:
    return World()


def test_what_processors_wrote_is_what_the_log_says(world: World) -> None:
    world.run("ended", "Kafka ", "keeps")
    world.run("diverged", "Kafka", final="Kafkb")
    world.run("running", "so far", end=False)
    world.append("ended", b"garbage")
    world.process()
    report = verify(world.log, TOPICS)
    assert (report.runs, report.events, report.not_folded) == (3, 9, 0)
    assert report.differences == []
    assert report.expired == report.unknown == []


def test_a_running_run_is_compared_where_its_draft_stands(world: World) -> None:
    world.run("running", "so far", end=False)
    world.process()
    world.append("running", event("running", 2, "text.delta", {"text": " and on"}))
    report = verify(world.log, TOPICS)
    assert report.differences == []
    assert report.runs == 1
    assert report.not_folded == 1


def test_a_run_that_ended_later_is_compared_at_its_draft(world: World) -> None:
    world.run("run", "text", end=False)
    world.process()
    world.append("run", event("run", 2, "run.completed", {}))
    assert verify(world.log, TOPICS).differences == []


@pytest.mark.parametrize("topic", ["packets", "reconciliations"])
def test_one_changed_byte_is_found_where_it_is(world: World, topic: str) -> None:
    world.run("run", "text")
    world.run("other", "text")
    world.process()
    with world.log.reader({(getattr(TOPICS, topic), home("run")): 0}) as reader:
        (good,) = [r.value for r in reader.read(0) if r.key == b"run"]
    assert good is not None
    changed = good[:30] + bytes([good[30] ^ 1]) + good[31:]
    world.publish(home("run"), [Derived(topic, b"run", changed, [])])  # type: ignore[arg-type]
    (found,) = verify(world.log, TOPICS).differences
    assert (found.run_id, found.topic, found.key, found.byte) == ("run", topic, "run", 30)
    assert (found.expected, found.found) == (good, changed)
    assert verify(world.log, TOPICS, ["other"]).differences == []


def test_a_lost_packet_and_an_invented_one_are_found(world: World) -> None:
    world.run("lost", "text")
    world.process()
    world.publish(home("lost"), [Derived("packets", b"lost", None, [])])
    (found,) = verify(world.log, TOPICS).differences
    assert (found.run_id, found.topic, found.found) == ("lost", "packets", None)


def test_a_run_below_the_position_without_any_record_is_found(world: World) -> None:
    world.run("gone", "text")
    world.process()
    world.publish(
        home("gone"),
        [Derived("packets", b"gone", None, []), Derived("reconciliations", b"gone", None, [])],
    )
    (found,) = verify(world.log, TOPICS).differences
    assert found.run_id == "gone"


def test_a_dead_letter_twice_is_found(world: World) -> None:
    world.append("k", b"garbage")
    world.process()
    assert verify(world.log, TOPICS).differences == []
    partition = home("k")
    with world.log.reader({(TOPICS.dead_letters, partition): 0}) as reader:
        (letter,) = reader.read(0)
    again = Derived("dead_letters", letter.key, letter.value, list(letter.headers))
    world.publish(partition, [again])
    (found,) = verify(world.log, TOPICS).differences
    assert found.topic == "dead_letters"
    assert "2 letters" in found.key


def test_runs_whose_first_records_expired_are_named(world: World) -> None:
    world.run("old", "text")
    world.process()
    world.log.admin().delete_before({(TOPICS.events, home("old")): 1})
    report = verify(world.log, TOPICS)
    assert report.expired == ["old"]
    assert report.differences == []


def test_a_run_that_is_not_there_is_said(world: World) -> None:
    world.run("run", "text")
    world.process()
    assert verify(world.log, TOPICS, ["run", "absent"]).unknown == ["absent"]


def test_positions_are_the_first_offsets_not_folded(world: World) -> None:
    assert folded_positions(world.log, TOPICS) == {}
    world.run("run", "text")
    world.process()
    assert folded_positions(world.log, TOPICS)[home("run")] == 3
