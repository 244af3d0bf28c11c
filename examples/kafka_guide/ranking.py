"""Which of the entries found answers a question best."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .entries import Entry
from .question import Question
from .words import STOP_WORDS, stem, stems, words

#: How much a word counts where it stands: in the name, in the first paragraph, further down.
_NAME, _LEAD, _BODY = 3.0, 1.6, 1.0
_NAME_WRITTEN_OUT = 12.0
_NAME_COVERED = 6.0
_COMPONENT = 1.2
_OTHER_COMPONENT = -2.0
#: The documentation itself says which settings most people need.
_IMPORTANCE = {"high": 1.5, "medium": 0.7}
#: Each word of a name that nothing in the question explains: `message.max.bytes` is meant before
#: `max.decompressed.message.bytes`.
_NAME_UNEXPLAINED = -2.5
#: Words of names that tell no setting from another.
_BLAND = frozenset(
    words("ms bytes enable minutes hours seconds config max min num log type message record topic")
)


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found, and how well it fits; scores compare within one search only."""

    entry: Entry
    score: float


def rank(question: Question, entries: Iterable[Entry], rarity: Mapping[str, float]) -> list[Hit]:
    """Order entries by how well they answer, best first.

    Of equals those with a default come first (they say more), then the id decides, so that the
    order is stable.
    """
    hits = [Hit(entry, _score(question, entry, rarity)) for entry in entries]
    return sorted(hits, key=lambda hit: (-hit.score, hit.entry.default is None, hit.entry.entry_id))


def _score(question: Question, entry: Entry, rarity: Mapping[str, float]) -> float:
    name = stems(entry.name)
    lead, body = set(stems(entry.blocks[0])), set(stems(entry.text))
    in_name = sum(word in question.terms for word in name) / len(name)
    score = 0.0
    for term, weight in question.terms.items():
        if term in name:
            score += weight * rarity[term] * _NAME * (1 + in_name) / 2
        elif term in lead:
            score += weight * rarity[term] * _LEAD
        elif term in body:
            score += weight * rarity[term] * _BODY
    if entry.name.lower() in question.names or entry.name in question.text.split():
        score += _NAME_WRITTEN_OUT
    telling = [stem(word) for word in words(entry.name) if word not in STOP_WORDS | _BLAND]
    if telling:
        explained = sum(question.terms.get(word, 0) for word in telling)
        score += _NAME_COVERED * explained / len(telling)
        score += _NAME_UNEXPLAINED * sum(word not in question.terms for word in telling)
    if question.components:
        fits = not question.components.isdisjoint(entry.components)
        score += _COMPONENT if fits else _OTHER_COMPONENT
    return score + _IMPORTANCE.get(entry.facts.get("importance", ""), 0.0)
