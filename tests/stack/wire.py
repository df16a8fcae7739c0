"""HTTP messages as they are on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

FORWARDED_OVER_TLS = b"X-Forwarded-Proto: https\r\n"


class GoneError(Exception):
    """The other side closed the connection."""


@dataclass
class Message:
    """One HTTP message as it was on the wire."""

    head: bytes
    body: bytes

    @property
    def first_line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    def header(self, name: str) -> str:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.decode("latin-1").partition(":")
            if key.lower() == name:
                return value.strip()
        return ""

    def raw(self) -> bytes:
        return self.head + self.body

    def over_tls(self) -> bytes:
        start, rest = self.head.split(b"\r\n", 1)
        return start + b"\r\n" + FORWARDED_OVER_TLS + rest + self.body


async def read_message(reader: asyncio.StreamReader, before_body: Callable[[Message], None]) -> Message:
    """Reads one message; `before_body` sees the head first."""
    try:
        message = Message(await reader.readuntil(b"\r\n\r\n"), b"")
        before_body(message)
        message.body = await read_body(reader, message)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise GoneError from error
    return message


async def read_body(reader: asyncio.StreamReader, message: Message) -> bytes:
    if "chunked" in message.header("transfer-encoding").lower():
        return b"".join([chunk async for chunk in chunks(reader)])
    return await reader.readexactly(int(message.header("content-length") or 0))


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        size_line = await reader.readuntil(b"\r\n")
        size = int(size_line.split(b";")[0], 16)
        yield size_line
        if size == 0:
            break
        yield await reader.readexactly(size + 2)
    while True:
        line = await reader.readuntil(b"\r\n")
        yield line
        if line == b"\r\n":
            return


async def read_answer(reader: asyncio.StreamReader, without_body: bool) -> bytes:
    """Reads one final answer; interim ones are dropped, since the proxy gave its own."""
    while True:
        head = Message(await reader.readuntil(b"\r\n\r\n"), b"")
        status = int(head.first_line.split(" ")[1])
        if status < 200:
            continue
        if not without_body and status not in (204, 304):
            head.body = await read_body(reader, head)
        return head.raw()
