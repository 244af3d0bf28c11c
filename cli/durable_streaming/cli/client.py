"""The gateway over HTTP, its refusals as errors with exit codes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote

import httpx

from durable_streaming.cli.exits import (
    CliError,
    GapError,
    NotFoundError,
    UnauthenticatedError,
    UnreachableError,
    UsageError,
)

_BY_SLUG: dict[str, type[CliError]] = {
    "bad-request": UsageError,
    "no-such-run": NotFoundError,
    "offset-expired": GapError,
    "past-the-end": UsageError,
    "not-ready": UnreachableError,
    "unauthenticated": UnauthenticatedError,
}


def credentials() -> dict[str, str]:
    """The headers that prove who asks: the bearer token in `DURABLE_TOKEN`, where one is set."""
    token = os.environ.get("DURABLE_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


class GatewayClient:
    """Asks one gateway."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        # The proxy settings of the environment are for the world outside, not for loopback.
        self._http = httpx.Client(
            base_url=self.base_url, timeout=30.0, trust_env=False, headers=credentials()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def runs(self, **filters: Any) -> dict[str, Any]:
        """One page of the run list."""
        return self._get("/v1/runs", {k: v for k, v in filters.items() if v is not None})

    def run(self, run_id: str) -> dict[str, Any]:
        """A run's state and its position."""
        return self._get(f"/v1/runs/{quote(run_id, safe='')}", {})

    def events(self, run_id: str, **position: Any) -> dict[str, Any]:
        """One page of a run's stored events."""
        given = {k: v for k, v in position.items() if v is not None}
        return self._get(f"/v1/runs/{quote(run_id, safe='')}/events", given)

    def is_ready(self) -> bool:
        """Say whether the gateway serves."""
        try:
            return self._http.get("/readyz", timeout=2.0).status_code == 200
        except httpx.HTTPError:
            return False

    def _get(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        with _reached(self.base_url):
            response = self._http.get(path, params=params)
        if response.is_success:
            found: dict[str, Any] = response.json()
            return found
        raise _refusal(response)


@contextmanager
def _reached(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise UnreachableError(
            f"no gateway answers at {url} ({error}): is `durable up` running?"
        ) from error


def _refusal(response: httpx.Response) -> CliError:
    try:
        problem = response.json()
        slug = str(problem["type"]).rpartition(":")[2]
        detail = str(problem["detail"])
    except (ValueError, KeyError):
        return CliError(f"the gateway answered {response.status_code}")
    return _BY_SLUG.get(slug, CliError)(detail)
