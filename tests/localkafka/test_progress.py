"""What a person sees of a download."""

import io

import pytest

from durable_streaming.localkafka import ConsoleProgress, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_plain_stream_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    console = ConsoleProgress(shown)
    with console.download("jars", 4_000_000) as advance:
        advance(1_000_000)
        monkeypatch.setattr(progress, "PLAIN_INTERVAL_S", 0.0)
        advance(1_000_000)
    console.note("next")
    assert shown.getvalue().splitlines() == [
        "jars: 4.0 MB",
        "jars: 2.0 MB of 4.0 MB",
        "jars: done",
        "next",
    ]


def test_a_terminal_gets_a_bar() -> None:
    shown = Terminal()
    with ConsoleProgress(shown).download("jars", 4_000_000) as advance:
        advance(4_000_000)
    assert "━━━" in shown.getvalue()
    assert "4.0/4.0 MB" in shown.getvalue()
