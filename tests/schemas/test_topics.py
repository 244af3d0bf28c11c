from durable_streaming.schemas import Topics


def test_names_stand_under_the_prefix() -> None:
    topics = Topics("eval.")
    assert topics.dead_letters == "eval.dead-letters"
    assert {spec.name for spec in topics.specs()} == {
        "eval.events", "eval.drafts", "eval.packets", "eval.reconciliations",
        "eval.control", "eval.requests", "eval.dead-letters", "eval.state",
    }  # fmt: skip


def test_events_are_kept_and_stamped_by_the_broker() -> None:
    events = next(s for s in Topics().specs(retention_ms=5) if s.name == "runs.events")
    assert events.config["cleanup.policy"] == "delete"
    assert events.config["retention.ms"] == "5"
    assert events.config["message.timestamp.type"] == "LogAppendTime"
    assert events.config["max.message.bytes"] == "1048576"


def test_all_topics_have_the_partitions_of_the_events() -> None:
    specs = Topics().specs(partitions=5, replication=3, min_insync=2)
    assert {(s.partitions, s.replication, s.config["min.insync.replicas"]) for s in specs} == {
        (5, 3, "2")
    }
