"""Words of questions and entries, brought to a form in which they can be compared."""

import re

_WORD = re.compile(r"[a-z0-9]+")

STOP_WORDS = frozenset(
    _WORD.findall("""
    a about after all also am an and any are as at be been before but by can could did do
    does doing each for from get gets give given had happen happens has have how i if in
    into is it its just kafka let long make makes many me mean means meant more much must my
    need needs no not of off often on one only or our out please s set sets setting should
    so some t tell than that the their them then there these they thing this those to turn
    up us use used using very want was we were what when where which while who whose why
    will with without work works would you your
    """)
)

#: What people say, beside what Kafka's documentation says.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "keep": ("retention", "retain"),
    "kept": ("retention", "retain"),
    "store": ("retention", "retain"),
    "delete": ("retention", "cleanup"),
    "lose": ("lost", "loss", "durability"),
    "durable": ("durability", "lost"),
    "duplicate": ("idempotence", "exactly"),
    "twice": ("duplicate", "idempotence"),
    "big": ("size", "max", "bytes"),
    "large": ("size", "max", "bytes"),
    "biggest": ("size", "max", "bytes"),
    "largest": ("size", "max", "bytes"),
    "beginning": ("earliest", "reset"),
    "start": ("earliest", "initial"),
    "encrypt": ("ssl", "tls"),
    "password": ("sasl", "jaas"),
    "login": ("sasl",),
    "authenticate": ("sasl",),
    "compact": ("cleanup", "policy"),
    "batch": ("linger",),
    "wait": ("timeout", "linger"),
    "accept": ("allow",),
    "commit": ("isolation",),
    "number": ("num",),
    "static": ("instance",),
    "dead": ("failure", "session", "heartbeat"),
    "crash": ("failure", "session", "heartbeat"),
    "crashed": ("failure", "session", "heartbeat"),
    "rebalance": ("assignor", "assignment"),
    "order": ("ordering", "reorder"),
    "slow": ("interval", "timeout"),
    "message": ("record",),
    "record": ("message",),
}

#: Word endings, longest first, with what takes their place and how much of the word must be left.
_ENDINGS = (
    ("ional", "", 4), ("ions", "", 4), ("ence", "", 4), ("ent", "", 4), ("ion", "", 4),
    ("ies", "y", 3), ("ing", "", 3), ("ed", "", 3), ("es", "", 3), ("s", "", 3), ("e", "", 3),
)  # fmt: skip


def stem(word: str) -> str:
    """Cut an English ending off, so that `compressed` and `compression` meet.

    Deliberately crude: questions and entries are cut alike, and nobody reads a stem.
    """
    for ending, kept, left in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= left and not word.endswith("ss"):
            cut = word[: len(word) - len(ending)]
            if ending in {"ing", "ed"} and cut[-1] == cut[-2] and cut[-1] not in "ls":
                cut = cut[:-1]
            return cut + kept
    return word


def words(text: str) -> list[str]:
    """Return the lower-case words of a text; names fall apart at dots and underscores."""
    return _WORD.findall(text.lower())


def stems(text: str) -> list[str]:
    return [stem(word) for word in words(text)]


def content_stems(text: str) -> list[str]:
    """Return the stems that carry meaning, each once, in order."""
    return list(dict.fromkeys(stem(word) for word in words(text) if word not in STOP_WORDS))


def synonyms(asked: str) -> list[str]:
    """Return the stems that the documentation uses where people say the stem `asked`."""
    return _SYNONYM_STEMS.get(asked, [])


_SYNONYM_STEMS = {stem(said): [stem(word) for word in meant] for said, meant in SYNONYMS.items()}
