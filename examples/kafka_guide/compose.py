"""An answer made of sentences quoted from entries, each with its place in the answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .entries import Entry
from .question import Question
from .ranking import Hit
from .sentences import sentences
from .words import stems

_MOST_ENTRIES = 3
#: An entry that scores less than this share of the best one answers another question.
_WORTH_QUOTING = 0.62
#: How many sentences are quoted of the best entry, and of each further one.
_SENTENCES = (4, 2, 2)
#: What a list item gains when it explains the very value that the question names.
_ASKED_FOR = 6.0
#: Sentences that begin so mean what was said before them.
_LEANING = (
    "this ", "it ", "in this case", "in that case", "hence", "however", "otherwise", "therefore",
    "to avoid this", "note that", "in particular", "further", "as a result", "additionally",
    "these ", "such ", "but ", "for example", "e.g.", "instead", "the following", "also ",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the answer.

    Attributes:
        text: What is streamed, headings and line breaks included.
        entry: The entry it comes from.
        quoted: Whether it is quoted from the entry's text, word for word; else it is the entry's
            heading, or space between passages.
    """

    text: str
    entry: Entry
    quoted: bool


@dataclass(frozen=True, slots=True)
class Citation:
    """Which code points of the answer, `start` inclusive and `end` exclusive, quote an entry."""

    entry_id: str
    start: int
    end: int


def worth_quoting(hits: Sequence[Hit]) -> list[Entry]:
    """Return the entries that an answer should quote: near the best, and each saying its own."""
    chosen: list[Entry] = []
    for hit in hits:
        if len(chosen) == _MOST_ENTRIES or hit.score < _WORTH_QUOTING * hits[0].score:
            break
        if not any(_siblings(hit.entry, other) for other in chosen):
            chosen.append(hit.entry)
    return chosen


def _siblings(one: Entry, other: Entry) -> bool:
    """Whether two entries are one setting: of topic and broker, or in two units of time."""
    if one.name == other.name and "topic" in one.components + other.components:
        return True
    property_of = "server default property"
    if one.facts.get(property_of) == other.name or other.facts.get(property_of) == one.name:
        return True
    stem_of_one, _, unit_of_one = one.name.rpartition(".")
    stem_of_other, _, unit_of_other = other.name.rpartition(".")
    units = {"ms", "seconds", "minutes", "hours"}
    return stem_of_one == stem_of_other and {unit_of_one, unit_of_other} <= units


def compose(
    question: Question, entries: Iterable[Entry], rarity: Mapping[str, float]
) -> Iterator[Passage]:
    """Quote the sentences that answer best, under a heading for each entry."""
    for place, entry in enumerate(entries):
        yield Passage("\n\n" * (place > 0) + entry.heading + ":\n", entry, quoted=False)
        quoted = _best_sentences(question, entry, rarity, limit=_SENTENCES[place])
        for number, (sentence, new_block) in enumerate(quoted):
            if number:
                yield Passage("\n" if new_block else " ", entry, quoted=False)
            yield Passage(sentence, entry, quoted=True)


def _best_sentences(
    question: Question, entry: Entry, rarity: Mapping[str, float], *, limit: int
) -> list[tuple[str, bool]]:
    """Return sentences in the entry's order, each with whether it begins a new paragraph."""
    parts = [
        (number, sentence)
        for number, block in enumerate(entry.blocks)
        for sentence in sentences(block)
    ]
    labelled = {
        number for number, block in enumerate(entry.blocks) if _is_asked_for(block, question)
    }
    scores = [
        _score(question, sentence, rarity)
        + (_ASKED_FOR if number in labelled else -_ASKED_FOR if labelled else 0)
        for number, sentence in parts
    ]
    # The first sentence says what the entry is, whatever the question's words are.
    chosen = {0}
    for place in sorted(range(len(parts)), key=lambda place: (-scores[place], place)):
        wanted = {place}
        # What leans on the sentence before is quoted with it, or not at all.
        while parts[min(wanted)][1].lower().startswith(_LEANING) and min(wanted) > 0:
            wanted.add(min(wanted) - 1)
        if scores[place] > 0 and len(chosen | wanted) <= limit:
            chosen |= wanted
    # A colon announces what follows: quote its first line rather than end on it.
    order = sorted(chosen)
    if parts[order[-1]][1].endswith(":") and order[-1] + 1 < len(parts):
        order.append(order[-1] + 1)
    return [
        (parts[place][1], number > 0 and parts[place][0] != parts[order[number - 1]][0])
        for number, place in enumerate(order)
    ]


def _score(question: Question, sentence: str, rarity: Mapping[str, float]) -> float:
    present = set(stems(sentence))
    return sum(weight * rarity[term] for term, weight in question.terms.items() if term in present)


def _is_asked_for(block: str, question: Question) -> bool:
    """Whether a list item explains a value written out in the question, such as `acks=all`."""
    label, separator, _ = block.partition(": ")
    return bool(separator) and "=" in label and label.lower() in question.text.lower()


def citations(passages: Iterable[Passage]) -> list[Citation]:
    """Return where each quotation stands in the joined text, one citation a sentence."""
    found: list[Citation] = []
    position = 0
    for passage in passages:
        end = position + len(passage.text)
        if passage.quoted:
            found.append(Citation(passage.entry.entry_id, position, end))
        position = end
    return found
