"""A proxy between the functions and the emulator that can fail, hold and delay single calls.

It forwards what it reads byte for byte, with one line added: the emulator takes
`X-Forwarded-Proto: https` as proof of TLS, which the stack's policies demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import json
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

FORWARDED_OVER_TLS = b"X-Forwarded-Proto: https\r\n"
SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}


@dataclass(frozen=True)
class Call:
    """One request of a function to AWS."""

    operation: str
    """Such as `dynamodb.PutItem`, `sqs.SendMessage`, or `s3.PUT`."""
    path: str
    body: bytes

    def is_about(self, text: str) -> bool:
        return text.encode() in self.body or text in self.path


@dataclass(frozen=True)
class Answer:
    """What the proxy says in the place of AWS."""

    status: int
    body: bytes
    content_type: str

    def raw(self) -> bytes:
        head = (
            f"HTTP/1.1 {self.status} Refused by the proxy\r\n"
            f"Content-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


def json_fault(status: int, code: str) -> Answer:
    """A refusal in the form of DynamoDB, SQS and Secrets Manager."""
    body = json.dumps({"__type": code, "message": "refused by the proxy"}).encode()
    return Answer(status, body, "application/x-amz-json-1.0")


def s3_fault(status: int, code: str) -> Answer:
    """A refusal in the form of S3."""
    body = f"<Error><Code>{code}</Code><Message>refused by the proxy</Message></Error>".encode()
    return Answer(status, body, "application/xml")


@dataclass
class Rule:
    """What happens to the calls that match; `seen` are those that did."""

    operation: str
    """As in `Call`, with `*` for anything."""
    about: str
    """A text in the call's body or path."""
    answer: Answer | None = None
    """Given instead of forwarding the call."""
    loses_the_answer: bool = False
    """The call takes effect, and the function never hears of it."""
    holds: bool = False
    """The call waits until `release`, and is then forwarded, even if its sender is gone."""
    delay_seconds: float = 0
    times: int | None = None
    """How many calls it concerns; without it, all."""
    seen: list[Call] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    answers: queue.Queue[bytes] = field(default_factory=queue.Queue)
    """What AWS said to the calls that were forwarded."""

    def matches(self, call: Call) -> bool:
        if self.times is not None and len(self.seen) >= self.times:
            return False
        return fnmatch.fnmatchcase(call.operation, self.operation) and call.is_about(self.about)

    def wait_until_seen(self, times: int = 1, within_seconds: float = 30) -> None:
        deadline = time.monotonic() + within_seconds
        while len(self.seen) < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.operation} about {self.about!r}: {len(self.seen)} of {times} calls came")
            time.sleep(0.02)


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


def call_of(request: Message) -> Call:
    method, path, _ = request.first_line.split(" ", 2)
    target, _, action = request.header("x-amz-target").partition(".")
    operation = f"{SERVICES.get(target, target)}.{action}" if action else f"s3.{method}"
    return Call(operation, path, request.body)


class Proxy:
    """Listens on a free loopback port and forwards to the emulator's."""

    def __init__(self, emulator_port: int) -> None:
        self.emulator_port = emulator_port
        self.port = 0
        self._rules: list[Rule] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    @contextlib.contextmanager
    def watching(self, operation: str, about: str = "") -> Iterator[Rule]:
        with self._rule(Rule(operation, about)) as rule:
            yield rule

    @contextlib.contextmanager
    def refusing(self, operation: str, answer: Answer, about: str = "") -> Iterator[Rule]:
        with self._rule(Rule(operation, about, answer=answer)) as rule:
            yield rule

    @contextlib.contextmanager
    def losing_the_answer(self, operation: str, about: str = "") -> Iterator[Rule]:
        with self._rule(Rule(operation, about, loses_the_answer=True)) as rule:
            yield rule

    @contextlib.contextmanager
    def delaying(self, operation: str, seconds: float, about: str = "") -> Iterator[Rule]:
        with self._rule(Rule(operation, about, delay_seconds=seconds)) as rule:
            yield rule

    @contextlib.contextmanager
    def holding(self, operation: str, about: str = "", times: int | None = None) -> Iterator[Rule]:
        """Holds matching calls that arrive inside the block; `release` lets them go."""
        with self._rule(Rule(operation, about, holds=True, times=times)) as rule:
            try:
                yield rule
            finally:
                self.release(rule)

    def release(self, rule: Rule) -> None:
        self.stop_matching(rule)
        self._loop.call_soon_threadsafe(rule.released.set)

    def release_late(self, rule: Rule) -> bytes:
        """Lets a held call go and returns what AWS says to it."""
        self.release(rule)
        return rule.answers.get(timeout=10)

    def stop_matching(self, rule: Rule) -> None:
        """Lets later calls pass; the calls it already holds stay held."""
        with contextlib.suppress(ValueError):
            self._rules.remove(rule)

    @contextlib.contextmanager
    def _rule(self, rule: Rule) -> Iterator[Rule]:
        self._rules.append(rule)
        try:
            yield rule
        finally:
            self.stop_matching(rule)

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def go_on(head: Message) -> None:
            if head.header("expect").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")

        with contextlib.suppress(GoneError, ConnectionError):
            while True:
                request = await read_message(reader, go_on)
                answer = await self._answer(request)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _answer(self, request: Message) -> bytes | None:
        call = call_of(request)
        rule = next((rule for rule in list(self._rules) if rule.matches(call)), None)
        if rule is None:
            return await self._forward(request)
        rule.seen.append(call)
        if rule.answer:
            return rule.answer.raw()
        if rule.holds:
            await rule.released.wait()
        await asyncio.sleep(rule.delay_seconds)
        answer = await self._forward(request)
        rule.answers.put(answer)
        return None if rule.loses_the_answer else answer

    async def _forward(self, request: Message) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.emulator_port, limit=2**20)
        try:
            writer.write(request.over_tls())
            await writer.drain()
            return await read_answer(reader, request.first_line.startswith("HEAD "))
        finally:
            writer.close()


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
