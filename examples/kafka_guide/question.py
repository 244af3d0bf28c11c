"""What a question asks for, before anything is searched."""

import re
from dataclasses import dataclass

from .words import content_stems, synonyms

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._][A-Za-z0-9]+)+")
_COMPONENT_WORDS = {
    "producer": "producer", "produc": "producer", "send": "producer",
    "consumer": "consumer", "consum": "consumer", "poll": "consumer",
    "broker": "broker", "server": "broker", "cluster": "broker",
    "topic": "topic", "admin": "admin client", "error": "error",
}  # fmt: skip

#: A word that the asker did not say counts less than one that they did.
SYNONYM_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart.

    Attributes:
        text: As it was asked.
        asked: Stems of its own words that carry meaning.
        terms: Weight by stem: its own words, and what the documentation calls them.
        names: Names of settings or errors written out in it, in lower case.
        components: The components it speaks of.
    """

    text: str
    asked: tuple[str, ...]
    terms: dict[str, float]
    names: frozenset[str]
    components: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> "Question":
        asked = tuple(content_stems(text))
        terms = dict.fromkeys(asked, 1.0)
        for word in asked:
            for synonym in synonyms(word):
                terms.setdefault(synonym, SYNONYM_WEIGHT)
        names = frozenset(name.lower() for name in _NAME.findall(text))
        components = frozenset(_COMPONENT_WORDS[word] for word in asked if word in _COMPONENT_WORDS)
        return cls(text, asked, terms, names, components)
