"""The HTTP face: run list, state, replay, commands, tickets, status, health, and the pages."""

from durable_streaming.gateway.http.commands import router as commands
from durable_streaming.gateway.http.events import router as events
from durable_streaming.gateway.http.health import router as health
from durable_streaming.gateway.http.pages import router as pages
from durable_streaming.gateway.http.runs import router as runs
from durable_streaming.gateway.http.status import router as status
from durable_streaming.gateway.http.tickets import router as tickets

ROUTERS = (runs, events, commands, tickets, status, health, pages)

__all__ = ["ROUTERS"]
