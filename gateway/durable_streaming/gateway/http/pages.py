"""The page, from files inside the package; it reads runs through the same API as everyone."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response

from durable_streaming.gateway.http.dependencies import RunId

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
# Text of runs is data from strangers: even where the page failed to treat it so, no script of
# another origin runs, nothing is sent elsewhere, and nobody can frame the page.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Checked again each time, so that a new release shows at once.
    "Cache-Control": "no-cache",
}


@router.get("/", response_class=HTMLResponse)
async def list_page() -> Response:
    """Serve the page with the run list."""
    return _asset("index.html")


@router.get("/runs/{run_id}", response_class=HTMLResponse)
async def run_page(run_id: RunId) -> Response:
    """Serve the page with one run."""
    return _asset("index.html")


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    """Serve one of the page's files."""
    return _asset(name)


def _asset(name: str) -> Response:
    found = _assets().get(name)
    if found is None:
        raise HTTPException(404, "there is no such file")
    content, media_type = found
    return Response(content, headers=_HEADERS, media_type=media_type)


@cache
def _assets() -> dict[str, tuple[bytes, str]]:
    # Read once: they don't change while the process runs, and no name from outside meets a path.
    found: dict[str, tuple[bytes, str]] = {}
    for entry in files("durable_streaming.gateway").joinpath("page").iterdir():
        media_type = _MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None and entry.is_file():
            found[entry.name] = (entry.read_bytes(), media_type)
    return found
