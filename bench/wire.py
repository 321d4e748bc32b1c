"""A relay before PostgreSQL that counts what the protocol itself calls the end of a round trip.

The service counts its own round trips for the access log. This counts the server's answers `ReadyForQuery`, of which
there is one for each message of the simple protocol and one for each Sync of the extended one, whoever asked.
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from sqlalchemy.engine import make_url

_SSL_REQUEST = (80877103).to_bytes(4)
_READY_FOR_QUERY = b"Z"
_LIMIT_BYTES = 64 * 1024


class Wire:
    """`async with Wire(url) as wire`: connect to `wire.url`, read `wire.count`."""

    def __init__(self, database_url: str) -> None:
        self._target = make_url(database_url)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = database_url
        """How to reach the database through this, once it is open."""
        self.count = 0
        """Round trips so far, of all connections."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=_LIMIT_BYTES)
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._target.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None  # noqa: S101 - set on entry
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a stream's callback runs in one
        self._tasks.add(task)
        try:
            await self._carry(reader, writer)
        finally:
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection(
            self._target.host, self._target.port or 5432, limit=_LIMIT_BYTES
        )
        try:
            there = asyncio.ensure_future(self._ask(reader, writer, questions))
            back = asyncio.ensure_future(self._answer(answers, writer))
            _, running = await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            for other in running:
                other.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
        finally:
            for stream in (writer, questions):
                stream.close()
                with contextlib.suppress(OSError):
                    await stream.wait_closed()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, questions: asyncio.StreamWriter
    ) -> None:
        first = await reader.readexactly(8)
        if first[4:] == _SSL_REQUEST:
            writer.write(b"N")  # what is encrypted could not be counted
            first = b""
        questions.write(first)
        while chunk := await reader.read(_LIMIT_BYTES):
            questions.write(chunk)
            await questions.drain()

    async def _answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await answers.readexactly(5)
            body = await answers.readexactly(int.from_bytes(head[1:]) - 4)
            self.count += head[:1] == _READY_FOR_QUERY
            writer.write(head + body)
            await writer.drain()
