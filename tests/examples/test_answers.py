"""What the guide says to real questions, from Kafka's real documentation."""

import pytest

from examples.kafka_guide.checks import check_citations, check_coverage, check_sentences
from examples.kafka_guide.compose import citations, compose, worth_quoting
from examples.kafka_guide.index import Index
from examples.kafka_guide.question import Question
from examples.kafka_guide.questions import QUESTIONS

pytestmark = pytest.mark.kafka

BEST = {
    "How do I make the producer idempotent?": "enable.idempotence",
    "What does acks=all mean?": "acks",
    "How long does Kafka keep records?": "log.retention.hours",
    "How does a consumer start reading from the beginning of a topic?": "auto.offset.reset",
    "How large can a message be?": "message.max.bytes",
    "How can a producer batch records for better throughput?": "batch.size",
    "How does Kafka notice that a consumer has crashed?": "session.timeout.ms",
    "How do I read only committed transactional messages?": "isolation.level",
    "How many replicas have to be in sync before a write succeeds?": "min.insync.replicas",
    "How do I compress messages?": "compression.type",
    "What is log compaction and how do I turn it on?": "log.cleanup.policy",
    "What does the error OFFSET_OUT_OF_RANGE mean?": "OFFSET_OUT_OF_RANGE",
    # Not among the demonstration's questions, so nothing was tuned to them alone.
    "What is unclean leader election?": "unclean.leader.election.enable",
    "How do I avoid duplicate messages?": "enable.idempotence",
    "What is the default number of partitions of a new topic?": "num.partitions",
    "How does static membership work?": "group.instance.id",
    "What does max.poll.records do?": "max.poll.records",
    "What does FENCED_INSTANCE_ID mean?": "FENCED_INSTANCE_ID",
}


def test_the_documentation_is_all_there(kafka_index: Index) -> None:
    assert len(kafka_index) > 500
    assert "in-sync replicas" in kafka_index.entry("producerconfigs_acks").text


def test_every_question_of_the_demonstration_is_judged_here() -> None:
    assert set(QUESTIONS) <= set(BEST)


@pytest.mark.parametrize(("text", "name"), BEST.items())
def test_the_best_entry_comes_first_and_the_answer_holds(
    kafka_index: Index, text: str, name: str
) -> None:
    question = Question.parse(text)
    hits = kafka_index.search(question)
    assert hits[0].entry.name == name
    entries = worth_quoting(hits)
    rarity = {term: kafka_index.rarity(term) for term in question.terms}
    passages = list(compose(question, entries, rarity))
    answer = "".join(passage.text for passage in passages)
    cited = citations(passages)
    known = {entry.entry_id: entry for entry in entries}
    assert cited
    assert check_sentences(answer, cited, known, verbatim=True).verdict == "pass"
    assert check_citations(answer, cited, known).verdict == "pass"
    assert check_coverage(question, answer).verdict != "fail"
    # Read in a few breaths, yet more than a heading.
    assert 80 < len(answer) < 3_000


def test_a_value_named_in_the_question_is_the_one_explained(kafka_index: Index) -> None:
    question = Question.parse("What does acks=all mean?")
    passages = compose(question, worth_quoting(kafka_index.search(question)), {"ack": 1.0})
    answer = "".join(passage.text for passage in passages)
    assert "acks=all: This means the leader will wait" in answer
    assert "acks=0" not in answer


def test_the_index_is_built_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    from examples.kafka_guide.documentation import open_index
    from examples.kafka_guide.errors import DocumentationUnavailable

    folder = tmp_path_factory.mktemp("no-java")
    jars = [folder / "kafka-clients-9.9.9.jar"]
    with pytest.raises(DocumentationUnavailable, match="did not run"):
        open_index(folder, folder / "java", jars)
    assert list(folder.iterdir()) == []  # nothing half-built is left to be opened next time
