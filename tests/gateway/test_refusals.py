"""Every refusal of the HTTP interface, and that nothing hostile is a server error."""

from __future__ import annotations

import pytest

from tests.gateway.servers import RunningGateway

BAD_NUMBERS = (
    "-1",
    "-2",
    "-1000",
    "-1001",
    "-2005",
    "+1",
    "1e3",
    "1.0",
    " 7",
    "7 ",
    "1_0",
    "01",
    "0x10",
    "\u0663",
    "\u2460",
    "",
    "9223372036854775808",
    "99999999999999999999999",
    "NaN",
    "7\n",
    "\0",
)


def slug(running: RunningGateway, path: str) -> tuple[int, str]:
    response = running.get(path)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]
    return response.status_code, problem["type"].rpartition(":")[2]


@pytest.mark.parametrize("number", BAD_NUMBERS, ids=repr)
@pytest.mark.parametrize("name", ["from_offset", "limit"])
def test_malformed_numbers(shared: RunningGateway, name: str, number: str) -> None:
    response = shared.get("/v1/runs/r/events", **{name: number})
    assert response.status_code == 400
    assert response.json()["type"].endswith(":bad-request")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=5001",
        "limit=1&limit=1",
        "from_offset=1&from_offset=1",
        "after=a.0.1&after=a.0.1",
        "after=a.0.1&from_offset=1",
        "after=",
        "after=x",
        "after=a.0",
        "after=a.0.1.2",
        "after=a.0.-1",
        "after=a.00.1",
        "after=%FF",
        "after=a.0.%D9%A3",
        "from_offset=%",
        "from_offset=%00",
    ],
)
def test_malformed_positions(shared: RunningGateway, query: str) -> None:
    assert slug(shared, f"/v1/runs/r/events?{query}") == (400, "bad-request")


@pytest.mark.parametrize(
    "query",
    [
        "status=asleep",
        "status=",
        "verdict=maybe",
        "tag=team",
        "tag==x",
        "limit=501",
        "limit=0",
        "cursor=x",
        "cursor=%C3%A9",
        "cursor=",
        "agent=a&agent=b",
        "agent=" + "a" * 257,
    ],
)
def test_malformed_filters(shared: RunningGateway, query: str) -> None:
    assert slug(shared, f"/v1/runs?{query}") == (400, "bad-request")


@pytest.mark.parametrize(
    "segment",
    [
        "..%2F..%2Fetc",
        "%2E%2E%2F",
        "a%2Fb",
        "%00",
        "r%00",
        "r%0A",
        "%FF",
        "-r",
        ".r",
        "a" * 129,
        "%E2%80%AEr",
        "%F0%9F%98%80",
        "r%20",
        "r;x",
        "r%23",
    ],
)
@pytest.mark.parametrize("route", ["", "/events"])
def test_malformed_run_ids(shared: RunningGateway, segment: str, route: str) -> None:
    assert slug(shared, f"/v1/runs/{segment}{route}") == (400, "bad-request")


def test_unknown_runs(shared: RunningGateway) -> None:
    assert slug(shared, "/v1/runs/nobody") == (404, "no-such-run")
    assert slug(shared, "/v1/runs/nobody/events") == (404, "no-such-run")
    assert slug(shared, "/v1/runs/" + "a" * 128) == (404, "no-such-run")


def test_tokens_of_elsewhere(shared: RunningGateway) -> None:
    epoch, partition, _ = shared.get("/v1/runs/r/events").json()["token"].split(".")
    other = str((int(partition) + 1) % 4)
    assert slug(shared, "/v1/runs/r/events?after=other.0.1") == (409, "epoch-changed")
    assert slug(shared, "/v1/runs/nobody/events?after=other.0.1") == (409, "epoch-changed")
    assert slug(shared, f"/v1/runs/r/events?after={epoch}.{other}.1") == (400, "bad-request")
    assert slug(shared, f"/v1/runs/nobody/events?after={epoch}.{other}.1") == (404, "no-such-run")


def test_positions_past_the_end(shared: RunningGateway) -> None:
    assert shared.get("/v1/runs/r/events", from_offset=6).status_code == 200
    assert slug(shared, "/v1/runs/r/events?from_offset=7") == (416, "past-the-end")
    assert slug(shared, f"/v1/runs/r/events?from_offset={2**63 - 1}") == (416, "past-the-end")
    token = shared.get("/v1/runs/r/events?from_offset=7").json()["token"]
    assert shared.get("/v1/runs/r/events", after=token).json()["caught_up"] is True


def test_what_the_framework_refuses_is_a_problem_too(shared: RunningGateway) -> None:
    assert slug(shared, "/v1/nowhere") == (404, "not-found")
    assert slug(shared, "/v1/runs/r/") == (404, "not-found")
    response = shared.http.delete("/v1/runs/r")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
    assert response.headers["content-type"] == "application/problem+json"
    assert shared.http.get("/v1/runs/r/events", headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("127.0.0.1:8080", 200),
        ("127.9.9.9", 200),
        ("[::1]:8080", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.1:x", 403),
        ("127.0.0.1@evil.example", 403),
        ("[::1", 403),
        ("", 403),
        ("0.0.0.0", 403),
    ],
)
@pytest.mark.parametrize("path", ["/v1/runs", "/readyz", "/", "/metrics"])
def test_hosts(shared: RunningGateway, path: str, host: str, status: int) -> None:
    assert shared.http.get(path, headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 405),
        ("http://127.0.0.1:{port}", 405),
        ("https://127.0.0.1:{port}", 403),
        ("http://127.0.0.1", 403),
        ("http://127.0.0.1:{port}.evil.example", 403),
        ("HTTP://127.0.0.1:{port}", 403),
        ("null", 403),
        ("", 403),
        ("http://evil.example", 403),
    ],
)
def test_origins_of_posts(shared: RunningGateway, origin: str | None, status: int) -> None:
    headers = {} if origin is None else {"Origin": origin.format(port=shared.port)}
    assert shared.http.post("/v1/runs", headers=headers).status_code == status


def test_a_get_may_come_from_anywhere(shared: RunningGateway) -> None:
    headers = {"Origin": "http://evil.example"}
    assert shared.http.get("/v1/runs", headers=headers).status_code == 200
