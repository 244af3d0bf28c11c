"""Who is there: tokens, the runs that are theirs, and how a stream ends with its credential."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from durable_streaming.eventlog import MemoryLog
from durable_streaming.gateway.auth import Grants
from durable_streaming.gateway.auth.tokens import TokenVerifier
from durable_streaming.gateway.errors import AuthSettingsError
from durable_streaming.gateway.refusals import Refusal
from durable_streaming.gateway.settings import GatewaySettings
from tests.gateway.builders import TOPICS, Writer, head, memory_log
from tests.gateway.servers import RunningGateway, gateway, viewer, wait_until
from tests.gateway.test_commands import cancels

SECRET = "a secret of thirty-two bytes or more"
SETTINGS: dict[str, Any] = {
    "auth": "jwt",
    "jwt_key": SECRET,
    "jwt_algorithm": "HS256",
    "jwt_issuer": "https://issuer.example",
    "jwt_audience": "durable",
}
RSA = rsa.generate_private_key(65537, 2048)
RSA_PUBLIC = (
    RSA.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def claims(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    found = {
        "sub": "ada",
        "iss": "https://issuer.example",
        "aud": "durable",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "runs": ["r"],
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def token(key: Any = SECRET, algorithm: str = "HS256", **more: Any) -> str:
    headers = more.pop("headers", None)
    return jwt.encode(claims(**more), key, algorithm, headers=headers)


def bearer(**more: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**more)}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """Runs `r` and `s`, of which `s` has the tag `team=blue`."""
    log = memory_log()
    writer = Writer(log)
    for name in ("r", "s"):
        writer.run(name, 2)
    writer.derive(TOPICS.drafts, "s", head("s", 2))
    with gateway(tmp_path_factory.mktemp("guarded"), log, **SETTINGS) as running:
        yield running


def settings(**more: Any) -> GatewaySettings:
    return GatewaySettings(**{**SETTINGS, **more})


@pytest.mark.parametrize(
    "bad",
    [
        {"exp": None},
        {"iat": None},
        {"aud": None},
        {"iss": None},
        {"sub": None},
        {"aud": "other"},
        {"iss": "other"},
        {"sub": ""},
        {"sub": 5},
        {"exp": datetime.now(UTC) - timedelta(seconds=1)},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        {"iat": datetime.now(UTC) + timedelta(hours=1)},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"runs": "r"},
        {"runs": [5]},
        {"runs": ["r"] * 1_001},
    ],
    ids=repr,
)
def test_a_token_must_say_everything_and_now(bad: dict[str, Any]) -> None:
    # Signed by hand, for `encode` itself refuses some of them.
    signed = jwt.PyJWS().encode(
        json.dumps(claims(**bad), default=lambda moment: int(moment.timestamp())).encode(),
        SECRET,
        "HS256",
    )
    with pytest.raises(Refusal) as refused:
        TokenVerifier(settings()).verify(signed)
    assert refused.value.slug == "unauthenticated"
    assert signed not in refused.value.detail


def test_a_good_token() -> None:
    principal = TokenVerifier(settings()).verify(token(runs=["r", "team-*", "tag:team=blue"]))
    assert principal.subject == "ada"
    assert principal.may_see("team-1", {})


@pytest.mark.parametrize(
    "forged",
    [
        token(key="another secret of thirty-two bytes!"),
        token(algorithm="HS512", key=SECRET * 2),
        jwt.encode(claims(), "", "none"),
        token(key=RSA, algorithm="RS256"),
        token()[:-2],
        "",
        "a.b.c",
        jwt.utils.base64url_encode(b"[" * 9_000).decode() + ".e30.x",
        "x" * 1_000_000,
        "é.é.é",
    ],
    ids=lambda text: text[:12],
)
def test_a_forged_token_is_refused(forged: str) -> None:
    with pytest.raises(Refusal):
        TokenVerifier(settings()).verify(forged)


def test_a_public_key_is_no_secret() -> None:
    verifier = TokenVerifier(settings(jwt_key=RSA_PUBLIC, jwt_algorithm="RS256"))
    assert verifier.verify(token(key=RSA, algorithm="RS256")).subject == "ada"
    # Signed with what everybody knows, by the other kind of algorithm.
    signer = jwt.get_algorithm_by_name("HS256")
    text = ".".join(token().split(".")[:2])
    signature = jwt.utils.base64url_encode(signer.sign(text.encode(), RSA_PUBLIC.encode()))
    with pytest.raises(Refusal):
        verifier.verify(f"{text}.{signature.decode()}")


def test_keys_of_a_file_end_when_they_are_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    entries = [
        {
            **jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key(), True),
            "kid": "one",
            "alg": "RS256",
        },
        {
            **jwt.algorithms.ECAlgorithm.to_jwk(curve.public_key(), True),
            "kid": "two",
            "alg": "ES256",
        },
    ]
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": entries}))
    verifier = TokenVerifier(settings(jwt_key=None, jwt_algorithm=None, jwks_file=file))
    first = token(key=RSA, algorithm="RS256", headers={"kid": "one"})
    assert verifier.verify(first).key_id == "one"
    for key_id in ("two", "../one", None, 5):
        headers = {} if key_id is None else {"kid": key_id}
        with pytest.raises((Refusal, jwt.PyJWTError)):
            verifier.verify(token(key=RSA, algorithm="RS256", headers=headers))
    with pytest.raises(Refusal):
        verifier.verify(token(key=RSA, algorithm="RS512", headers={"kid": "one"}))
    file.write_text(json.dumps({"keys": entries[1:]}))
    wait_until(lambda: not verifier.has_key("one"))
    with pytest.raises(Refusal):
        verifier.verify(first)
    # A file that can't be read changes nothing.
    file.write_text("{")
    time.sleep(1.1)
    assert verifier.has_key("two")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"jwt_issuer": None}, "DURABLE_JWT_ISSUER"),
        ({"jwt_audience": None}, "DURABLE_JWT_AUDIENCE"),
        ({"jwt_key": None}, "DURABLE_JWKS_FILE"),
        ({"jwt_algorithm": None}, "DURABLE_JWT_ALGORITHM"),
        ({"jwt_algorithm": "none"}, "DURABLE_JWT_ALGORITHM"),
        ({"jwt_key": "short"}, "32 bytes"),
        ({"jwt_algorithm": "RS256"}, "DURABLE_JWT_KEY"),
        ({"jwks_file": "nowhere.json"}, "DURABLE_JWKS_FILE"),
        ({"jwks_file": "nowhere.json", "jwt_key": None}, "nowhere.json"),
    ],
    ids=repr,
)
def test_settings_that_are_not_enough(more: dict[str, Any], named: str) -> None:
    with pytest.raises(AuthSettingsError, match=named):
        TokenVerifier(settings(**more))


@pytest.mark.parametrize(
    ("grant", "seen", "hidden"),
    [
        ("run_1", "run_1", "run_10"),
        ("run_*", "run_10", "other"),
        ("*", "anything", None),
        ("tag:team=blue", "blue", "red"),
        ("tag:team", None, "blue"),
    ],
)
def test_grants(grant: str, seen: str | None, hidden: str | None) -> None:
    grants = Grants.read([grant])
    assert grants.write() == [grant]
    tags = {"blue": {"team": "blue"}, "red": {"team": "red"}}
    if seen is not None:
        assert grants.cover(seen, tags.get(seen, {}))
    if hidden is not None:
        assert not grants.cover(hidden, tags.get(hidden, {}))


PATHS = ["/v1/runs", "/v1/runs/r", "/v1/runs/r/events", "/v1/runs/r/events?limit=x", "/v1/status"]


@pytest.mark.parametrize("path", [*PATHS, "/v1/nowhere"])
def test_nobody_gets_anything(guarded: RunningGateway, path: str) -> None:
    refused = guarded.get(path)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.json()["type"].endswith(":unauthenticated")
    for scheme in ("Basic x", "Bearer", "Bearer x", f"Token {token()}"):
        assert guarded.http.get(path, headers={"Authorization": scheme}).status_code == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/", "/openapi.json"])
def test_what_is_of_no_run_is_open(guarded: RunningGateway, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_any_host_is_answered_to_whoever_is_known(guarded: RunningGateway) -> None:
    headers = {"Host": "gateway.example", **bearer()}
    assert guarded.http.get("/v1/runs", headers=headers).status_code == 200
    GatewaySettings(host="0.0.0.0", **SETTINGS).check_bind()


@pytest.mark.parametrize(
    ("runs", "visible"),
    [
        ([], []),
        (["r"], ["r"]),
        (["r*"], ["r"]),
        (["tag:team=blue"], ["s"]),
        (["tag:team=red"], []),
        (["*"], ["r", "s"]),
    ],
)
def test_who_sees_what(guarded: RunningGateway, runs: list[str], visible: list[str]) -> None:
    headers = bearer(runs=runs)

    def get(path: str) -> httpx.Response:
        return guarded.http.get(path, headers=headers)

    wait_until(
        lambda: [
            r["agent"]
            for r in guarded.http.get("/v1/runs?agent=guide", headers=bearer(runs=["*"])).json()[
                "runs"
            ]
        ]
    )
    assert sorted(run["run_id"] for run in get("/v1/runs").json()["runs"]) == visible
    absent = get("/v1/runs/nobody").content if "*" not in runs else None
    for name in ("r", "s"):
        for path in (f"/v1/runs/{name}", f"/v1/runs/{name}/events"):
            answer = get(path)
            assert answer.status_code == (200 if name in visible else 404)
            if answer.status_code == 404:
                assert answer.content == absent
    agents = get("/v1/status").json()["agents"]
    assert agents == []


def test_a_token_of_another_topic_tells_nothing_to_strangers(guarded: RunningGateway) -> None:
    for name, status in (("r", 409), ("s", 404), ("nobody", 404)):
        answer = guarded.http.get(f"/v1/runs/{name}/events?after=other.0.1", headers=bearer())
        assert answer.status_code == status
    # Whoever may see a run that is not there learns that the topic is another one.
    answer = guarded.http.get("/v1/runs/nobody/events?after=other.0.1", headers=bearer(runs=["*"]))
    assert answer.status_code == 409


def test_how_long_an_answer_takes_tells_nothing(guarded: RunningGateway) -> None:
    headers = bearer()
    times: dict[str, list[float]] = {"s": [], "nobody": []}
    for _ in range(100):
        for name, found in times.items():
            began = time.perf_counter()
            assert guarded.http.get(f"/v1/runs/{name}", headers=headers).status_code == 404
            found.append(time.perf_counter() - began)
    medians = [statistics.median(found) for found in times.values()]
    assert abs(medians[0] - medians[1]) < 0.005


def test_a_cancel_names_who_asked(log: MemoryLog, writer: Writer, tmp_path: Path) -> None:
    writer.run("r", 1)
    writer.run("s", 1)
    with gateway(tmp_path, log, **SETTINGS) as running:
        headers = bearer()
        answers = [
            running.http.post(f"/v1/runs/{name}/cancel", json={}, headers=headers).status_code
            for name in ("r", "s")
        ]
    assert answers == [202, 404]
    (found,) = cancels(log)
    assert found.data == {"requested_by": "ada"}


async def test_a_socket_is_opened_by_a_header(guarded: RunningGateway) -> None:
    async with viewer(guarded, "/v1/ws", additional_headers=bearer()) as one:
        for name, kind in (("r", "caught_up"), ("s", "error"), ("nobody", "error")):
            await one.send(type="subscribe", run_id=name)
            last = (await one.until(kind))[-1]
            assert last.get("code") == (None if name == "r" else "no-such-run")
        await one.send(type="watch")
        await one.until("watching")


async def test_a_socket_of_nobody_is_closed(guarded: RunningGateway) -> None:
    for path in ("/v1/ws", "/v1/runs/r/ws"):
        async with viewer(guarded, path) as one:
            await one.send(type="subscribe", run_id="r")
            assert (await one.frame())["code"] == "unauthenticated"
            assert await one.close_code() == 4401
        headers = {"Authorization": "Bearer x"}
        async with viewer(guarded, path, additional_headers=headers) as one:
            assert (await one.frame())["code"] == "unauthenticated"
            assert await one.close_code() == 4401


async def test_a_silent_socket_of_nobody_is_closed(guarded: RunningGateway) -> None:
    async with viewer(guarded, "/v1/runs/r/ws") as one:
        assert (await one.frame(7))["code"] == "unauthenticated"
        assert await one.close_code() == 4401


async def test_a_socket_ends_with_its_token(guarded: RunningGateway) -> None:
    soon = bearer(exp=time.time() + 1.5)
    async with viewer(guarded, "/v1/runs/r/ws", additional_headers=soon) as one:
        await one.until("caught_up")
        assert (await one.frame())["code"] == "unauthenticated"
        assert await one.close_code() == 4401


def test_an_event_stream_ends_with_its_token(guarded: RunningGateway) -> None:
    headers = {"Accept": "text/event-stream", **bearer(exp=time.time() + 1.5)}
    with guarded.http.stream("GET", "/v1/runs/r/events", headers=headers) as response:
        lines = list(response.iter_lines())
    assert "event: error" in lines
    assert '"code":"unauthenticated"' in lines[-2] or '"code":"unauthenticated"' in lines[-1]
    assert guarded.http.get("/v1/runs/r/events", headers=headers).status_code == 401


async def test_no_credential_is_logged(
    guarded: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "durable_streaming")
    caplog.set_level("DEBUG", "uvicorn")
    given = token(sub="canary")
    headers = {"Authorization": f"Bearer {given}"}
    guarded.http.get("/v1/runs", headers=headers)
    ticket = guarded.http.post("/v1/tickets", json={"run_ids": ["r"]}, headers=headers).json()
    async with viewer(guarded, "/v1/ws") as one:
        await one.send(type="authenticate", ticket=ticket["ticket"])
        await one.frame()
        await one.send(type="authenticate", ticket=ticket["ticket"])
        await one.close_code()
    guarded.http.get("/v1/runs", headers={"Authorization": f"Bearer {given}x"})
    assert given not in caplog.text
    assert ticket["ticket"] not in caplog.text
