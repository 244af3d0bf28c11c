"""Tickets: signed, short-lived, good once, narrow; with authentication and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from durable_streaming.eventlog import MemoryLog
from durable_streaming.gateway.auth import ANYONE, Grants, Principal
from durable_streaming.gateway.auth.tickets import Tickets, shared_key
from durable_streaming.gateway.refusals import Refusal
from tests.gateway.builders import Writer, event
from tests.gateway.servers import RunningGateway, Viewer, gateway, viewer
from tests.gateway.test_auth import SETTINGS, bearer

ADA = Principal("ada", Grants.read(["r*", "tag:a=b"]), frozenset({"r1"}), 4e9, "key-1")


def tickets() -> Tickets:
    return Tickets(lambda: b"k" * 32)


def ask(running: RunningGateway, *run_ids: str, **more: Any) -> str:
    answer = running.http.post("/v1/tickets", json={"run_ids": list(run_ids)}, **more)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    found: str = answer.json()["ticket"]
    return found


@pytest.mark.parametrize("principal", [ADA, ANYONE, ANYONE.narrowed(["r"])])
def test_a_ticket_is_its_principal_once(principal: Principal) -> None:
    issuer, taker = tickets(), tickets()
    ticket = issuer.issue(principal)
    assert taker.take(ticket) == principal
    with pytest.raises(Refusal, match="used before"):
        taker.take(ticket)


def test_a_ticket_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("time.time", lambda: now)
    taker = tickets()
    early, late = taker.issue(ADA), taker.issue(ADA)
    now += 29.9
    taker.take(early)
    now += 0.2
    for ticket in (early, late):
        with pytest.raises(Refusal, match="expired"):
            taker.take(ticket)


def test_a_changed_ticket_is_refused() -> None:
    taker = tickets()
    body, _, signature = taker.issue(ADA).partition(".")
    other = taker.issue(ANYONE).partition(".")[0]
    for bad in ("", ".", body, f"{body}.", f"{other}.{signature}", f"{body}.{signature}é", "é.é"):
        with pytest.raises(Refusal, match="signature"):
            taker.take(bad)
    with pytest.raises(Refusal, match="signature"):
        Tickets(lambda: b"x" * 32).take(f"{body}.{signature}")


def test_a_ticket_fits_into_a_header() -> None:
    with pytest.raises(Refusal) as refused:
        tickets().issue(ANYONE.narrowed(f"run-{n:0100}" for n in range(100)))
    assert refused.value.slug == "bad-request"


def test_gateways_of_one_directory_share_a_key(tmp_path: Path) -> None:
    key = shared_key(tmp_path)
    assert shared_key(tmp_path) == key
    assert len(key) == 32
    (file,) = tmp_path.rglob("*.key*")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "body", [{}, {"run_ids": "r"}, {"run_ids": []}, {"run_ids": ["../r"]}, {"run_ids": [5]}]
)
def test_a_bad_wish_for_a_ticket(shared: RunningGateway, body: dict[str, Any]) -> None:
    assert shared.http.post("/v1/tickets", json=body).status_code == 400


def test_a_page_of_another_origin_gets_none(shared: RunningGateway) -> None:
    headers = {"Origin": "http://evil.example"}
    assert (
        shared.http.post("/v1/tickets", json={"run_ids": ["r"]}, headers=headers).status_code == 403
    )


async def test_a_ticket_in_the_subprotocol(shared: RunningGateway) -> None:
    ticket = ask(shared, "r")
    url = f"ws://127.0.0.1:{shared.port}/v1/ws"
    offered = [Subprotocol("durable.v1"), Subprotocol(f"ticket.{ticket}")]
    async with connect(url, subprotocols=offered) as socket:
        # Never echoed.
        assert socket.subprotocol == "durable.v1"
        one = Viewer(socket)
        await one.send(type="subscribe", run_id="r")
        await one.until("caught_up")
        # It is for no other run.
        await one.send(type="subscribe", run_id="q")
        assert (await one.frame())["code"] == "no-such-run"
    async with connect(url, subprotocols=offered) as socket:
        again = Viewer(socket)
        assert (await again.frame())["code"] == "unauthenticated"
        assert await again.close_code() == 4401


async def test_a_ticket_in_the_first_frame(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 2)
    writer.run("s", 2)
    with gateway(tmp_path, log, **SETTINGS) as running:
        headers = bearer(runs=["r", "s"])
        async with viewer(running, "/v1/runs/r/ws?from=now") as one:
            await one.send(type="authenticate", ticket=ask(running, "r", headers=headers))
            assert [frame["type"] for frame in await one.until("caught_up")] == [
                "authenticated",
                "subscribed",
                "caught_up",
            ]
            writer.append("r", event("r", 3))
            assert (await one.frame())["type"] == "event"
        async with viewer(running, "/v1/runs/s/ws") as one:
            # The first ticket is not for this run, and the run is not told from one that is not.
            await one.send(type="authenticate", ticket=ask(running, "r", headers=headers))
            assert (await one.frame())["type"] == "authenticated"
            assert (await one.frame())["code"] == "no-such-run"
            assert await one.close_code() == 4404


async def test_a_later_ticket_takes_the_place_of_the_first(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 0)
    writer.run("s", 0)
    with gateway(tmp_path, log, **SETTINGS) as running:
        headers = bearer(runs=["*"])
        async with viewer(running, "/v1/ws") as one:
            await one.send(type="authenticate", ticket=ask(running, "r", "s", headers=headers))
            await one.until("authenticated")
            for name in ("r", "s"):
                await one.send(type="subscribe", run_id=name)
                await one.until("caught_up")
            await one.send(type="watch")
            await one.until("watching")
            await one.send(type="authenticate", ticket=ask(running, "s", headers=headers))
            await one.until("authenticated")
            lost = await one.frame()
            assert (lost["code"], lost["run_id"]) == ("no-such-run", "r")
            writer.append("r", event("r", 1))
            writer.append("t", event("t", 0, "run.started", agent="a"))
            writer.append("s", event("s", 1))
            assert (await one.frame())["event"]["run_id"] == "s"


async def test_a_refused_ticket_ends_the_socket(shared: RunningGateway) -> None:
    async with viewer(shared, "/v1/ws") as one:
        await one.send(type="authenticate", ticket="x")
        assert (await one.frame())["code"] == "unauthenticated"
        assert await one.close_code() == 4401


async def test_a_ticket_of_another_gateway_over_the_same_directory(
    log: MemoryLog, writer: Writer, tmp_path: Path
) -> None:
    writer.run("r", 1)
    with gateway(tmp_path / "a", log, ticket_key="shared", **SETTINGS) as first:
        ticket = ask(first, "r", headers=bearer())
    with gateway(tmp_path / "b", log, ticket_key="shared", **SETTINGS) as second:
        async with viewer(second, "/v1/ws") as one:
            await one.send(type="authenticate", ticket=ticket)
            assert (await one.frame())["type"] == "authenticated"
