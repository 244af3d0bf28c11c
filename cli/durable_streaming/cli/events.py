"""Events as lines: NDJSON for programs, a short line each for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from durable_streaming.cli.output import emit_raw, is_terminal, printable
from durable_streaming.schemas import canonical

_COLOURS = {"run": "bold cyan", "plan": "magenta", "step": "yellow", "tool": "blue",
            "source": "green", "quality": "green", "text": "white", "reasoning": "dim"}  # fmt: skip


class EventPrinter:
    """Prints entries `{"offset", "token", "event"}` as they come."""

    def __init__(self) -> None:
        self._for_people = is_terminal()
        self._console = Console(highlight=False, soft_wrap=True)

    def show(self, entry: Mapping[str, Any]) -> None:
        """Print one entry."""
        if not self._for_people:
            kept = {name: entry[name] for name in ("offset", "token", "event")}
            emit_raw(canonical(kept))
            return
        event = entry["event"]
        kind = str(event["type"])
        line = Text()
        line.append(f"{entry['offset']:>8} ", "dim")
        line.append(f"{event.get('seq', '')!s:>5} ", "dim")
        line.append(f"{kind:<18} ", _COLOURS.get(kind.partition(".")[0], "white"))
        line.append(printable(summary(kind, event.get("data"))))
        self._console.print(line)


def summary(kind: str, data: Any) -> str:
    """Say in a few words what an event tells."""
    if not isinstance(data, Mapping):
        return "" if data is None else canonical(data).decode()[:200]
    if kind in ("text.delta", "reasoning.delta"):
        return str(data.get("text", "")).replace("\n", "\u23ce")
    if kind == "plan.created":
        return ", ".join(str(step["title"]) for step in data["steps"])
    if kind in ("run.completed", "run.cancelled"):
        answer = data.get("answer") or {}
        return f"answer of {len(answer.get('text') or '')} characters" if answer else "no answer"
    names = ("title", "agent", "step_id", "name", "source_id", "check", "verdict", "status",
             "for", "summary", "error", "detail", "url", "reason")  # fmt: skip
    said = (data.get(name) for name in names)
    return " · ".join(
        canonical(value).decode() if isinstance(value, Mapping) else str(value)
        for value in said
        if value not in (None, "")
    )[:300]
