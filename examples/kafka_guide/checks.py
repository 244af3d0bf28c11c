"""The guide's checks of its own answer, each decided from answer and sources alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .compose import Citation
from .entries import Entry
from .question import Question
from .words import content_stems, stem, stems, synonyms, words

_MARK = re.compile(r"\s*\[\d{1,3}\]")
#: A model's sentence rests on its source when this share of its words is in it.
_GROUNDED = 0.6
#: From this share of the question's words on, the answer speaks of the question.
_COVERED, _TOUCHED = 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Check:
    """What is published as `quality.checked`; `score` is the share that held, 0 to 1."""

    check: str
    verdict: Literal["pass", "warn", "fail"]
    score: float
    detail: str


def check_sentences(
    answer: str, cited: Sequence[Citation], entries: Mapping[str, Entry], *, verbatim: bool
) -> Check:
    """Whether each cited sentence is in its source: word for word, or by most of its words."""
    held = sum(
        citation.entry_id in entries
        and _is_in(answer[citation.start : citation.end], entries[citation.entry_id], verbatim)
        for citation in cited
    )
    how = "word for word" if verbatim else "by most of their words"
    return _all_of(
        "every sentence is in its source",
        held,
        len(cited),
        f"{held} of {len(cited)} cited sentences are in their source {how}",
    )


def _all_of(check: str, held: int, count: int, detail: str) -> Check:
    """Pass when all held; an answer that cites nothing can't be held to anything: a warning."""
    if count == 0:
        return Check(check, "warn", 0.0, "nothing is cited")
    return Check(check, "pass" if held == count else "fail", round(held / count, 3), detail)


def _is_in(sentence: str, entry: Entry, verbatim: bool) -> bool:
    if verbatim:
        return sentence in entry.text
    said = content_stems(_MARK.sub("", sentence))
    known = set(stems(f"{entry.heading} {entry.text}"))
    return not said or sum(word in known for word in said) / len(said) >= _GROUNDED


def check_citations(answer: str, cited: Sequence[Citation], entries: Mapping[str, Entry]) -> Check:
    """Whether each citation points into the answer and at a source that was read."""
    held = sum(
        citation.entry_id in entries and 0 <= citation.start < citation.end <= len(answer)
        for citation in cited
    )
    return _all_of(
        "every citation resolves",
        held,
        len(cited),
        f"{held} of {len(cited)} citations resolve",
    )


def check_coverage(question: Question, answer: str) -> Check:
    """Whether the answer speaks of what was asked, in the asker's words or the documentation's."""
    said = set(stems(answer))
    missing = [
        word
        for word in question.asked
        if word not in said and not said.intersection(synonyms(word))
    ]
    share = 1 - len(missing) / len(question.asked) if question.asked else 0.0
    verdict: Literal["pass", "warn", "fail"] = (
        "pass" if share >= _COVERED else "warn" if share >= _TOUCHED else "fail"
    )
    # Named as they were asked: a stem is nobody's word.
    unsaid = [word for word in dict.fromkeys(words(question.text)) if stem(word) in missing]
    detail = f"not spoken of: {', '.join(unsaid)}" if unsaid else "all words of the question"
    return Check("the question's words are covered", verdict, round(share, 3), detail)
