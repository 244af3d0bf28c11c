"""Every table of `docs/protocol.md` that repeats what code decides agrees with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from fastapi.routing import APIRoute, APIWebSocketRoute
from pydantic_settings import BaseSettings

from durable_streaming.cli import exits
from durable_streaming.cli.main import app as cli
from durable_streaming.eventlog import KafkaSettings
from durable_streaming.gateway import websocket
from durable_streaming.gateway.http import ROUTERS
from durable_streaming.gateway.hub import Limits
from durable_streaming.gateway.settings import GatewaySettings
from durable_streaming.processors.fold.bounds import (
    CITED_RANGES,
    LIST_ENTRIES,
    STRING_CODE_POINTS,
)
from durable_streaming.processors.fold.copies import WINDOW
from durable_streaming.processors.fold.dead_letter import KEPT_BYTES
from durable_streaming.processors.fold.order import MAX_WAITING_BYTES, MAX_WAITING_EVENTS
from durable_streaming.processors.fold.packet import MAX_TEXT_BYTES, TEXT_CHUNK_CODE_POINTS
from durable_streaming.processors.fold.text import CHUNK_CODE_POINTS
from durable_streaming.processors.settings import ProcessorSettings
from durable_streaming.schemas import (
    CONTROL_TYPES,
    MAX_EVENT_BYTES,
    PROBLEMS,
    RUN_ID_PATTERN,
    Topics,
)
from durable_streaming.schemas.fields import MAX_USAGE_BYTES
from durable_streaming.schemas.frames import CLIENT_FRAME, SERVER_FRAME
from durable_streaming.schemas.strictjson import MAX_DEPTH
from tests.docs.markdown import DOCS, blocks, codes, table
from tests.docs.protocol import TEXT

# Read without a settings class, where the process that reads them has none.
PLAIN_VARIABLES = {"DURABLE_GATEWAY_URL", "DURABLE_CACHE_DIR", "DURABLE_MAVEN_REPOSITORY"}
LIMITS = Limits()
GATEWAY = DOCS.parent / "gateway" / "durable_streaming" / "gateway"

_CLOSE_CODE = re.compile(r"^_[A-Z_]+ = (10[01][0-9]|44[0-9]{2})$", re.MULTILINE)


def test_topics() -> None:
    rows = table(TEXT, "topic", "key", "value", "cleanup", "largest record, bytes")
    told = {codes(row["topic"])[0]: (row["cleanup"], row["largest record, bytes"]) for row in rows}
    assert told == {
        spec.name: (spec.config["cleanup.policy"], spec.config["max.message.bytes"])
        for spec in Topics().specs()
    }


def test_run_ids_and_control_types() -> None:
    assert f"`{RUN_ID_PATTERN}`" in TEXT
    headings = [line for line in TEXT.split("\n") if line.startswith("**`")]
    control = {codes(line)[0] for line in headings if "(control)" in line}
    assert control == CONTROL_TYPES


def test_problems() -> None:
    rows = table(TEXT, "slug", "status", "close code", "when")
    told = {codes(row["slug"])[0]: (int(row["status"]), int(row["close code"])) for row in rows}
    assert told == {slug: (kind.status, kind.close_code) for slug, kind in PROBLEMS.items()}


def test_close_codes() -> None:
    rows = table(TEXT, "code", "meaning", "a client should")
    told = {int(code) for row in rows for code in row["code"].split(", ")}
    assert told >= {kind.close_code for kind in PROBLEMS.values()}
    # Codes that no refusal has are constants of the gateway's modules.
    sources = (path.read_text("utf-8") for path in GATEWAY.rglob("*.py"))
    constants = {int(code) for source in sources for code in _CLOSE_CODE.findall(source)}
    assert constants
    assert told >= constants


def test_frames() -> None:
    for header, adapter in (("a client sends", CLIENT_FRAME), ("the gateway sends", SERVER_FRAME)):
        told = {codes(row[header])[0] for row in table(TEXT, header, "meaning")}
        assert told == _types(adapter)


def _types(adapter: Any) -> set[str]:
    return set(adapter.core_schema["choices"])


def test_requests() -> None:
    told = [code for row in table(TEXT, "request", "answer") for code in codes(row["request"])]
    served = {
        f"{method} {route.path}"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert set(told) == served | {"GET /openapi.json"}
    sockets = {r.path for r in websocket.router.routes if isinstance(r, APIWebSocketRoute)}
    assert sockets - {"/{path:path}"} == {"/v1/ws", "/v1/runs/{run_id}/ws"}


def test_commands_and_their_options() -> None:
    # Any: what typer calls a command differs with the click that it brings.
    group: Any = typer.main.get_command(cli)
    told = {}
    for row in table(TEXT, "command", "options", "does"):
        # Of a command the name is lower case, and its arguments are not.
        words = codes(row["command"])[0].split()[1:]
        told[tuple(word for word in words if word.islower())] = set(codes(row["options"]))
    assert told == {
        name: {
            option
            for parameter in command.params
            if parameter.param_type_name == "option"
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        for name, command in _commands(group)
    }


def _commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*above, name))
        else:
            yield (*above, name), command


@pytest.mark.parametrize(
    "phrase",
    [
        f"at most {MAX_EVENT_BYTES:,} bytes;",
        f"nested at most {MAX_DEPTH} deep",
        f"more than {MAX_WAITING_EVENTS:,} events or more than {MAX_WAITING_BYTES // 2**20} MiB",
        f"more than {WINDOW} below the highest folded",
        f"at most {MAX_USAGE_BYTES:,} bytes of canonical JSON",
        f"cut at {STRING_CODE_POINTS} code points",
        f"first {LIST_ENTRIES} entries, `cited` its first {CITED_RANGES}",
        f"brings it to {CHUNK_CODE_POINTS:,} code points",
        f"canonical JSON is above {MAX_TEXT_BYTES:,} bytes",
        f"of {TEXT_CHUNK_CODE_POINTS:,} code points each",
        f"value is its first {KEPT_BYTES:,} bytes",
        f"key is its first {KEPT_BYTES:,} bytes",
        f"{LIMITS.lag_seconds:g} s or {LIMITS.lag_events:,} events behind",
        f"after {LIMITS.heartbeat:g} s without another frame",
    ],
)
def test_numbers(phrase: str) -> None:
    assert phrase in " ".join(TEXT.split())


def test_exit_codes() -> None:
    told = {
        row["meaning"].upper().replace(" ", "_"): int(row["exit code"])
        for row in table(TEXT, "exit code", "meaning")
    }
    known = {name: value for name, value in vars(exits).items() if isinstance(value, int)}
    assert told == known


def test_settings_and_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table(TEXT, "variable", "default", "of", "meaning")
    told = {codes(row["variable"])[0]: (codes(row["default"]) or [""])[0] for row in rows}
    assert len(told) == len(rows)
    for name in PLAIN_VARIABLES:
        assert told.pop(name) == ""
    for variable in told:
        monkeypatch.delenv(variable, raising=False)
    known: dict[str, str] = {}
    for model in (KafkaSettings, ProcessorSettings, GatewaySettings):
        known |= _defaults(model)
    assert told == known


def _defaults(model: type[BaseSettings]) -> dict[str, str]:
    return {
        f"DURABLE_{name.upper()}": "" if field.default in (None, ()) else str(field.default)
        for name, field in model.model_fields.items()
        # The gateway's connection has settings of its own.
        if field.annotation is not KafkaSettings
    }


def test_every_block_with_a_tag_is_looked_at() -> None:
    kinds = {
        "event", "bad", "placement", "classes", "violations", "run", "derived", "chunk",
        "packet-chunk", "request", "canonical", "log", "verdict", "response", "frame", "session",
    }  # fmt: skip
    fences = [line for line in TEXT.split("\n") if line.startswith("```") and line != "```"]
    assert len(fences) == sum(len(blocks(TEXT, kind)) for kind in kinds)
