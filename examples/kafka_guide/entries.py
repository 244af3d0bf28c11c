"""One entry of Kafka's own documentation: a setting or an error of the protocol."""

from dataclasses import dataclass, field

#: What an entry belongs to, by the prefix of the anchors in Kafka's HTML.
COMPONENTS = {
    "producerconfigs": "producer",
    "consumerconfigs": "consumer",
    "adminclientconfigs": "admin client",
    "brokerconfigs": "broker",
    "topicconfigs": "topic",
    "errors": "error",
}

_NO_DEFAULT = frozenset({"", "null", '""'})
#: Beyond this a default is a list of class names that nobody reads in a heading.
_LONGEST_DEFAULT = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A named piece of documentation.

    Attributes:
        entry_id: Stable id: the anchor in Kafka's HTML, such as `producerconfigs_acks`.
        name: The setting's or error's name, such as `acks`.
        components: What it configures, most specific first; an entry that several components
            document in the same words is kept once.
        blocks: Its paragraphs and list items as plain text, in order.
        facts: The table below it: default, valid values, importance and so on.
    """

    entry_id: str
    name: str
    components: tuple[str, ...]
    blocks: tuple[str, ...]
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        return self.components == ("error",)

    @property
    def default(self) -> str | None:
        """The default as documented, or None where there is none."""
        default = self.facts.get("default", "")
        return None if default in _NO_DEFAULT else default

    @property
    def heading(self) -> str:
        """Name, kind and default in one line, as an answer introduces its quotations."""
        if self.is_error:
            retriable = "retriable" if self.facts.get("retriable") == "True" else "not retriable"
            return f"{self.name} (error {self.facts.get('code', '?')}, {retriable})"
        kind = f"{joined(self.components)} setting"
        if self.default is None or len(self.default) > _LONGEST_DEFAULT:
            return f"{self.name} ({kind})"
        return f"{self.name} ({kind}, default {self.default})"

    @property
    def text(self) -> str:
        return "\n".join(self.blocks)


def joined(names: tuple[str, ...]) -> str:
    """Join names as English does: `a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
