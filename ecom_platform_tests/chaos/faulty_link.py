"""A TCP link on 127.0.0.1 that refuses, stalls or drops connections when it is told to."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from infra.local.ports import free_port

Fault = Literal["refuses", "stalls", "drops"]
CHUNK = 1 << 16
DROP_SECONDS = 0.5


class FaultyLink:
    """From a free port to `target_port`, through an event loop in a thread of its own."""

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._fault: Fault | None = None
        self._flows = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["FaultyLink"]:
        thread = threading.Thread(target=self._loop.run_forever, name="faulty-link")
        thread.start()
        self._flows.set()
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", self.port), self._loop
        ).result()
        try:
            yield self
        finally:
            server.close()
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[None]:
        """With the fault inside, and healed behind it."""
        self._loop.call_soon_threadsafe(self._break, fault)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._heal)

    def _break(self, fault: Fault) -> None:
        self._fault = fault
        if fault == "stalls":
            self._flows.clear()
        else:
            self._drop_all()

    def _heal(self) -> None:
        self._fault = None
        self._flows.set()

    async def _end(self) -> None:
        """Drop what is open, and wait until all who served it are done."""
        self._heal()
        self._drop_all()
        served = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(served or [asyncio.ensure_future(asyncio.sleep(0))], timeout=1)

    def _drop_all(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        if self._fault == "drops":
            self._loop.call_later(DROP_SECONDS, self._drop_all)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault == "refuses":
            writer.transport.abort()
            return
        try:
            behind = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, behind[1]}
        self._open |= pair
        try:
            await asyncio.gather(self._pump(reader, behind[1]), self._pump(behind[0], writer))
        except OSError:
            pass  # one side is gone, and takes the other with it
        finally:
            self._open -= pair
            for one in pair:
                one.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            await self._flows.wait()
            target.write(data)
            await target.drain()
        target.write_eof()
