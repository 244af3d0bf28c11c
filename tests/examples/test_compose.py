"""Answers quote word for word and say exactly where."""

from examples.kafka_guide.checks import check_citations, check_coverage, check_sentences
from examples.kafka_guide.compose import Citation, citations, compose, worth_quoting
from examples.kafka_guide.index import Index
from examples.kafka_guide.question import Question
from examples.kafka_guide.words import stem


def test_stems_meet() -> None:
    assert stem("compressed") == stem("compression") == stem("compress")
    assert stem("idempotence") == stem("idempotent")
    assert stem("committed") == stem("commit") == stem("committing")
    assert stem("retries") == stem("retry")
    assert stem("class") == "class"


def test_the_written_out_name_wins(small_index: Index) -> None:
    hits = small_index.search(Question.parse("Is a copy lost with keep.ms?"))
    assert hits[0].entry.name == "keep.ms"


def test_a_question_without_known_words_finds_nothing(small_index: Index) -> None:
    assert small_index.search(Question.parse("How do I fry an egg?")) == []
    assert small_index.search(Question.parse("What is it?")) == []
    assert small_index.search(Question.parse('" OR name : *')) == []


def test_citations_are_code_points_of_the_joined_answer(small_index: Index) -> None:
    question = Question.parse("How long is a record kept, and is a copy lost?")
    entries = worth_quoting(small_index.search(question))
    rarity = {term: small_index.rarity(term) for term in question.terms}
    passages = list(compose(question, entries, rarity))
    answer = "".join(passage.text for passage in passages)
    quoted = [passage for passage in passages if passage.quoted]
    cited = citations(passages)
    assert [answer[c.start : c.end] for c in cited] == [passage.text for passage in quoted]
    assert all(
        answer[c.start : c.end] in passage.entry.text
        for c, passage in zip(cited, quoted, strict=True)
    )


def test_checks_notice_what_is_wrong(small_index: Index) -> None:
    safety = small_index.entry("producerconfigs_safety")
    known = {safety.entry_id: safety}
    answer = "A copy may be lost. A copy is never lost."
    right = Citation(safety.entry_id, 0, 19)
    invented = Citation(safety.entry_id, 20, 41)
    assert check_sentences(answer, [right], known, verbatim=True).verdict == "pass"
    mixed = check_sentences(answer, [right, invented], known, verbatim=True)
    assert (mixed.verdict, mixed.score) == ("fail", 0.5)
    assert check_sentences(answer, [], known, verbatim=True).verdict == "warn"
    for broken in (
        Citation("elsewhere", 0, 19),
        Citation(safety.entry_id, 0, 42),
        Citation(safety.entry_id, 19, 19),
    ):
        assert check_citations(answer, [right, broken], known).verdict == "fail"


def test_coverage_names_the_words_that_are_missing() -> None:
    question = Question.parse("Does compression keep order?")
    assert check_coverage(question, "Compressed records stay in order and retention").score == 1.0
    poor = check_coverage(question, "Nothing about it.")
    assert poor.verdict == "fail"
    assert poor.detail == "not spoken of: compression, keep, order"
