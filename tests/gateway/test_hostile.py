"""The hostile corpus on every face: refused by name, quietly, and others are served as before."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import time
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.gateway.servers import RunningGateway, Viewer

DEEP = 100_000
TEXTS: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "invalid": b"{",
    "truncated": b'{"type": "subscribe", "run_id": "r"',
    "bom": b"\xef\xbb\xbf{}",
    "not utf-8": b'{"type": "\xff\xfe"}',
    "nul": b'{"type": "sub\x00scribe"}',
    "escaped nul": b'{"type": "subscribe", "run_id": "r\\u0000"}',
    "lone surrogate": b'{"type": "subscribe", "run_id": "\\ud800"}',
    "raw surrogate": b'{"type": "\xed\xa0\x80"}',
    "nan": b'{"type": "subscribe", "run_id": "r", "from_offset": NaN}',
    "infinity": b'{"type": "subscribe", "run_id": "r", "from_offset": -Infinity}',
    "1e400": b'{"type": "subscribe", "run_id": "r", "from_offset": 1e400}',
    "2^64": b'{"type": "subscribe", "run_id": "r", "from_offset": 18446744073709551616}',
    "5,000 digits": b'{"from_offset": ' + b"9" * 5_000 + b"}",
    "deep 2,000": b'{"x": ' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "10,000 keys": b"{" + b",".join(b'"k%d":0' % n for n in range(5_000)) + b"}",
    "pickle": b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00.",
    "html": b"<script>alert(1)</script>",
    "proto": b'{"__proto__": {"type": "subscribe"}, "constructor": 1}',
    "repeated keys": b'{"type": "subscribe", "type": "nonsense", "run_id": "r", "reason": 1}',
}
BIG = {
    "100,000 deep": b"[" * DEEP + b"]" * DEEP,
    "1 MiB": b'{"reason": "' + b"x" * (1024 * 1024) + b'"}',
    "10 MiB": b"x" * (10 * 1024 * 1024),
}
RUN_IDS = [
    "x" * 129,
    "x" * 255,
    "x" * 256,
    "../",
    "..",
    "%00",
    "\0",
    "r\0",
    "\u202er",
    "\U0001f600",
    "__proto__",
    "<b>",
    "\x1b[31m",
    " r",
    "r ",
    "r/../r",
    "-r",
    "\u0661",
]
OFFSETS = ["-1", "-2", "-1000", "-1001", "-2005", "9223372036854775808", "1e3", " 7", "1_0"]
OFFSETS += ["\u0663", "", "+1", "01", "0x1", "1.0", "true", "null", "9" * 5_000]
# A run that is not there: a valid body is found out as well.
COMMANDS = ["/v1/runs/nobody/cancel", "/v1/requests", "/v1/tickets"]


@pytest.fixture(autouse=True)
def quiet_and_serving(shared: RunningGateway, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever came, nothing was logged as an error, and others are served as before."""
    with caplog.at_level(logging.INFO):
        yield
    assert not [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR]
    assert "Traceback" not in caplog.text
    assert shared.get("/readyz").status_code == 200
    page = shared.get("/v1/runs/r/events").json()
    assert [entry["offset"] for entry in page["events"]] == list(range(6))
    assert shared.get("/v1/runs").json()["runs"][0]["run_id"] == "r"


def slug(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    found: str = response.json()["type"].rpartition(":")[2]
    return found


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("name", TEXTS | BIG)
def test_bodies(shared: RunningGateway, path: str, name: str) -> None:
    refused = shared.http.post(path, content=(TEXTS | BIG)[name])
    if path.endswith("cancel") and name in ("10,000 keys", "proto", "escaped nul"):
        # Members that are not known are ignored.
        assert (refused.status_code, slug(refused)) == (404, "no-such-run")
        return
    assert (refused.status_code, slug(refused)) == (400, "bad-request")


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/html", "\xff"])
def test_a_body_of_another_media_type(shared: RunningGateway, media_type: str) -> None:
    headers = {b"Content-Type": media_type.encode("latin-1")}
    refused = shared.http.post(COMMANDS[0], content=b"reason=x", headers=headers)
    assert (refused.status_code, slug(refused)) == (400, "bad-request")


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("offset", OFFSETS, ids=ascii)
def test_offsets_over_http(shared: RunningGateway, offset: str, accept: str) -> None:
    for query in (f"from_offset={quote(offset)}", "from_offset=0&from_offset=0", "after=x.0.-1"):
        refused = shared.http.get(f"/v1/runs/r/events?{query}", headers={"Accept": accept})
        assert (refused.status_code, slug(refused)) == (400, "bad-request")


@pytest.mark.parametrize(
    "offset", ["-1", "-2", "1e3", "1_0", "\u0663", "epoch.0.-2", "a.b.c", "\u00e9.0.0"], ids=ascii
)
def test_last_event_id(shared: RunningGateway, offset: str) -> None:
    headers = {b"Accept": b"text/event-stream", b"Last-Event-ID": offset.encode()}
    refused = shared.http.get("/v1/runs/r/events", headers=headers)
    assert (refused.status_code, slug(refused)) == (400, "bad-request")


@pytest.mark.parametrize("name", ["end + 1", "max"])
async def test_positions_that_are_not_there(shared: RunningGateway, name: str) -> None:
    offset = {"end + 1": 7, "max": 2**63 - 1}[name]
    refused = await asyncio.to_thread(shared.get, "/v1/runs/r/events", from_offset=offset)
    assert (refused.status_code, slug(refused)) == (416, "past-the-end")
    async with shared.open(f"/v1/runs/r/ws?from_offset={offset}") as socket:
        assert (await Viewer(socket).frame())["code"] == "past-the-end"
        assert await Viewer(socket).close_code() == 4416


@pytest.mark.parametrize("run_id", RUN_IDS, ids=ascii)
async def test_run_ids(shared: RunningGateway, run_id: str) -> None:
    name = quote(run_id, safe="")
    for path in (f"/v1/runs/{name}", f"/v1/runs/{name}/events"):
        refused = await asyncio.to_thread(shared.http.get, path)
        # A client takes dots out of a path itself.
        assert (refused.status_code, slug(refused)) in ((400, "bad-request"), (404, "not-found"))
    refused = await asyncio.to_thread(shared.http.post, "/v1/tickets", json={"run_ids": [run_id]})
    assert (refused.status_code, slug(refused)) == (400, "bad-request")
    async with shared.open("/v1/ws") as socket:
        one = Viewer(socket)
        for kind in ("subscribe", "unsubscribe"):
            await one.send(type=kind, run_id=run_id)
            found = await one.frame()
            assert (found["type"], found["code"]) == ("error", "bad-request")
        await one.send(type="subscribe", run_id="r", **{"from": "now"})
        assert (await one.frame())["type"] == "subscribed"
    if "/" in run_id or run_id == "..":
        # Such a path is another one, or none.
        return
    async with shared.open(f"/v1/runs/{name}/ws") as socket:
        assert (await Viewer(socket).frame())["code"] == "bad-request"
        assert await Viewer(socket).close_code() == 4400


@pytest.mark.parametrize("name", TEXTS)
async def test_frames(shared: RunningGateway, name: str) -> None:
    async with shared.open("/v1/ws") as socket:
        await socket.send(TEXTS[name], text=True)
        one = Viewer(socket)
        if name in ("not utf-8", "raw surrogate", "pickle"):
            assert await one.close_code() == 1007
            return
        found = await one.frame()
        assert found["type"] == "error"
        if found["code"] == "bad-frame":
            assert await one.close_code() == 4400
        else:
            assert found["code"] == "bad-request"
            await one.send(type="subscribe", run_id="r", **{"from": "now"})
            assert (await one.frame())["type"] == "subscribed"


@pytest.mark.parametrize("offset", ["-1", "-2", "-1001", "-2005", "1.0", "true", '"1"', "1e3"])
async def test_offsets_in_frames(shared: RunningGateway, offset: str) -> None:
    async with shared.open("/v1/ws") as socket:
        await socket.send(f'{{"type": "subscribe", "run_id": "r", "from_offset": {offset}}}')
        found = await Viewer(socket).frame()
        assert (found["type"], found["code"] in ("bad-frame", "bad-request")) == ("error", True)


def frame(first: int, payload: bytes, *, masked: bool = True, length: int | None = None) -> bytes:
    """One frame as it goes over the wire, right or wrong."""
    size = len(payload) if length is None else length
    if size < 126:
        head = bytes([first, masked << 7 | size])
    elif size < 65_536:
        head = bytes([first, masked << 7 | 126]) + struct.pack(">H", size)
    else:
        head = bytes([first, masked << 7 | 127]) + struct.pack(">Q", size)
    # A mask of zeros changes nothing.
    return head + (b"\0\0\0\0" if masked else b"") + payload


def bomb() -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(b"x" * 10_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]


HANDSHAKE = (
    "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
UNWATCH = b'{"type": "unwatch"}'


def talk(port: int, *pieces: bytes) -> bytes:
    """Send bytes as they are; give all that comes until the other end is done."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        try:
            for piece in pieces:
                peer.sendall(piece)
                time.sleep(0.2)
            while data := peer.recv(65_536):
                found += data
        except (ConnectionError, TimeoutError):
            pass
    return found


def close_code(answer: bytes) -> int | None:
    """The code of the close frame at the end of what a server sent."""
    body = answer.partition(b"\r\n\r\n")[2]
    at = body.rfind(b"\x88")
    return int.from_bytes(body[at + 2 : at + 4]) if at >= 0 else None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(0x81, UNWATCH, masked=False), 1002),
        (frame(0x83, UNWATCH), 1002),
        (frame(0x8B, b""), 1002),
        (frame(0xA1, UNWATCH), 1002),
        (frame(0xC1, bomb()), 1002),
        (frame(0x81, b"", length=2**40), 1009),
        (frame(0x81, b"", length=2**63), 1009),
        (frame(0x89, b"x" * 126), 1002),
        (frame(0x09, b""), 1002),
        (frame(0x80, UNWATCH), 1002),
        (frame(0x01, b"{") + frame(0x81, b"}"), 1002),
        (frame(0x81, b"x" * 65_537), 1009),
        (frame(0x01, b"x" * 40_000) + frame(0x80, b"x" * 40_000), 1009),
    ],
    ids=[
        "unmasked",
        "reserved opcode",
        "reserved control opcode",
        "reserved bit",
        "zip bomb",
        "2^40 declared",
        "2^63 declared",
        "long ping",
        "fragmented ping",
        "continuation of nothing",
        "message inside a message",
        "too long",
        "too long in pieces",
    ],
)
def test_frames_that_break_the_protocol(shared: RunningGateway, sent: bytes, code: int) -> None:
    # In one piece: the server must not leave what comes right behind the handshake lying.
    answer = talk(shared.port, HANDSHAKE.encode() + sent)
    assert answer.startswith(b"HTTP/1.1 101")
    assert close_code(answer) == code


def test_control_frames_between_fragments(shared: RunningGateway) -> None:
    sent = frame(0x01, UNWATCH[:5]) + frame(0x89, b"!") + frame(0x80, UNWATCH[5:])
    answer = talk(shared.port, HANDSHAKE.encode() + sent, frame(0xA1, b"ends it"))
    assert b"\x8a\x01!" in answer
    assert json.dumps({"type": "unwatched"}, separators=(",", ":")).encode() in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 100 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"POST /v1/tickets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/tickets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1e3\r\n\r\n",
        b"POST /v1/tickets HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/tickets HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        HANDSHAKE.replace("Version: 13", "Version: 99").encode(),
        HANDSHAKE.replace("AAAAAAAAAAAAAAAAAAAAAA==", "short").encode(),
        HANDSHAKE.replace("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "").encode(),
    ],
    ids=lambda sent: ascii(sent[:60]),
)
def test_requests_that_are_none(shared: RunningGateway, sent: bytes) -> None:
    close = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = talk(shared.port, sent + close)
    assert answer[:10] == b"HTTP/1.1 4", answer[:200]
