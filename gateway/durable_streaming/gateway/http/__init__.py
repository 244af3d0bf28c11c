"""The HTTP face: run list, state, replay, health, and the pages."""

from durable_streaming.gateway.http.events import router as events
from durable_streaming.gateway.http.health import router as health
from durable_streaming.gateway.http.pages import router as pages
from durable_streaming.gateway.http.runs import router as runs

ROUTERS = (runs, events, health, pages)

__all__ = ["ROUTERS"]
