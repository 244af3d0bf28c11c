"""Where the cache is."""

from pathlib import Path

import pytest

from durable_streaming.localkafka.cache import cache_root

HOME = Path.home() / ".cache" / "durable-streaming"


@pytest.mark.parametrize(
    ("argument", "environ", "expected"),
    [
        (None, {}, HOME),
        (None, {"XDG_CACHE_HOME": "/x"}, Path("/x/durable-streaming")),
        (None, {"XDG_CACHE_HOME": "relative"}, HOME),
        (None, {"DURABLE_CACHE_DIR": "/d", "XDG_CACHE_HOME": "/x"}, Path("/d")),
        (None, {"DURABLE_CACHE_DIR": ""}, HOME),
        (Path("/a"), {"DURABLE_CACHE_DIR": "/d"}, Path("/a")),
        (Path("~/a"), {}, Path.home() / "a"),
    ],
)
def test_choice(argument: Path | None, environ: dict[str, str], expected: Path) -> None:
    assert cache_root(argument, environ) == expected


def test_a_relative_choice_is_made_absolute() -> None:
    assert cache_root(Path("here"), {}) == Path.cwd() / "here"
