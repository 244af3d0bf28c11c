"""A gateway as one writes it in an hour: FastAPI, a set of sockets for each run, `send_text`."""

import asyncio
import sys
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from .tailing import follow

_BACKLOG = 4_096


def create_app(bootstrap: str, topic: str) -> FastAPI:
    """Make the application; its lifespan follows the topic."""
    viewers = defaultdict[str, set[WebSocket]](set)
    batches: asyncio.Queue[list[tuple[str, bytes]]] = asyncio.Queue()

    async def send_all() -> None:
        while True:
            for run_id, value in await batches.get():
                text = value.decode()
                for websocket in list(viewers[run_id]):
                    try:
                        await websocket.send_text(text)
                    except (WebSocketDisconnect, RuntimeError):
                        viewers[run_id].discard(websocket)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loop, ready = asyncio.get_running_loop(), threading.Event()

        def take(batch: list[tuple[str, bytes]]) -> None:
            loop.call_soon_threadsafe(batches.put_nowait, batch)

        threading.Thread(target=follow, args=(bootstrap, topic, take, ready), daemon=True).start()
        await asyncio.to_thread(ready.wait)
        sending = asyncio.create_task(send_all())
        yield
        sending.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    def ready() -> str:
        return "ready"

    @app.websocket("/runs/{run_id}")
    async def follow_run(websocket: WebSocket, run_id: str) -> None:
        await websocket.accept()
        viewers[run_id].add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            pass
        finally:
            viewers[run_id].discard(websocket)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2], sys.argv[3]),
        port=int(sys.argv[1]),
        backlog=_BACKLOG,
        log_level="warning",
    )
