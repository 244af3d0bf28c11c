"""A host that answers nothing holds nobody up."""

import asyncio
import socket

import pytest

from durable_streaming.processors.transport import consumer


async def test_a_host_that_answers_nothing_is_given_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "_CONNECT_S", 0.2)
    loop = asyncio.new_event_loop()
    consumer._bound_connecting(loop)
    # The kernel answers no more connections than wait to be accepted.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        with socket.create_connection(address):

            async def connect() -> None:
                await loop.create_connection(asyncio.Protocol, *address)

            with pytest.raises(TimeoutError):
                await asyncio.to_thread(loop.run_until_complete, connect())
    loop.close()


async def test_one_that_answers_is_connected_to() -> None:
    loop = asyncio.new_event_loop()
    consumer._bound_connecting(loop)
    with socket.create_server(("127.0.0.1", 0)) as server:

        async def connect() -> None:
            transport, _ = await loop.create_connection(asyncio.Protocol, *server.getsockname())
            transport.close()

        await asyncio.to_thread(loop.run_until_complete, connect())
    loop.close()
