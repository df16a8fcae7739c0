"""A proxy in front of all that the functions call. It can fail, hold and delay single calls.

It forwards what it reads byte for byte, with one line added: the emulator takes
`X-Forwarded-Proto: https` as proof of TLS, which the stack's policies demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import functools
import json
import queue
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from waiting import eventually
from wire import GoneError, Message, read_answer, read_message

if TYPE_CHECKING:
    from typing import Self

SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}
SEND_EMAIL = "/v2/email/outbound-emails"


@dataclass(frozen=True)
class Call:
    """One request of a function, to AWS or to another server."""

    operation: str
    """Such as `dynamodb.PutItem`, `sqs.SendMessage`, `ses.SendEmail`, `s3.PUT` or `crm.POST`."""
    path: str
    body: bytes

    def is_about(self, text: str) -> bool:
        return text.encode() in self.body or text in self.path


About = str | Callable[[Call], bool]
"""A text in the call's body or path, or what has to be true of the call."""


@dataclass(frozen=True)
class Answer:
    """What the proxy says in the place of AWS."""

    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()

    def raw(self) -> bytes:
        head = (
            f"HTTP/1.1 {self.status} Refused by the proxy\r\n"
            f"Content-Type: {self.content_type}\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in self.headers)
            + f"Content-Length: {len(self.body)}\r\n\r\n"
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
    about: About
    answer: Answer | None = None
    """Given instead of forwarding the call."""
    loses_the_answer: bool = False
    """The call takes effect, and the function never hears of it."""
    holds: bool = False
    """The call waits until `release`, and is then forwarded, even if its sender is gone."""
    holds_the_answer: bool = False
    """The call takes effect, and its sender hears of it after `release`."""
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
        if not fnmatch.fnmatchcase(call.operation, self.operation):
            return False
        return call.is_about(self.about) if isinstance(self.about, str) else self.about(call)

    def wait_until_answered(self, within_seconds: float = 30) -> bytes:
        """What AWS says to the first call that is forwarded."""
        return self.answers.get(timeout=within_seconds)

    def wait_until_held(self, within_seconds: float = 30) -> None:
        """Until the first call, or the answer to it, is kept from where it would go."""
        is_held = (lambda: not self.answers.empty()) if self.holds_the_answer else (lambda: bool(self.seen))
        eventually(is_held, f"{self.operation} is held", within_seconds)

    def wait_until_seen(self, times: int = 1, within_seconds: float = 30) -> None:
        what = f"{self.operation} about {self.about!r} comes {times} times"
        eventually(lambda: len(self.seen) >= times, what, within_seconds)


def operation_of_aws(request: Message, method: str, path: str) -> str:
    target, _, action = request.header("x-amz-target").partition(".")
    if action:
        return f"{SERVICES.get(target, target)}.{action}"
    return "ses.SendEmail" if path == SEND_EMAIL else f"s3.{method}"


@dataclass(frozen=True)
class Server:
    """Where calls are forwarded to."""

    port: int
    name: str = ""
    """What its calls are named after; AWS, without one."""

    def call(self, request: Message) -> Call:
        method, path, _ = request.first_line.split(" ", 2)
        operation = f"{self.name}.{method}" if self.name else operation_of_aws(request, method, path)
        return Call(operation, path, request.body)


class Proxy:
    """Listens on a free loopback port for each server that it is in front of."""

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
        self.port = self.in_front_of(Server(self.emulator_port))
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def in_front_of(self, server: Server, tls: ssl.SSLContext | None = None) -> int:
        """Listens for one more server, over TLS if it has to, and returns the port."""
        return asyncio.run_coroutine_threadsafe(self._listen(server, tls), self._loop).result()

    @contextlib.contextmanager
    def watching(self, operation: str, about: About = "") -> Iterator[Rule]:
        with self._rule(Rule(operation, about)) as rule:
            yield rule

    @contextlib.contextmanager
    def refusing(self, operation: str, answer: Answer, about: About = "", times: int | None = None) -> Iterator[Rule]:
        with self._rule(Rule(operation, about, answer=answer, times=times)) as rule:
            yield rule

    @contextlib.contextmanager
    def losing_the_answer(self, operation: str, about: About = "") -> Iterator[Rule]:
        with self._rule(Rule(operation, about, loses_the_answer=True)) as rule:
            yield rule

    @contextlib.contextmanager
    def delaying(self, operation: str, seconds: float, about: About = "") -> Iterator[Rule]:
        with self._rule(Rule(operation, about, delay_seconds=seconds)) as rule:
            yield rule

    @contextlib.contextmanager
    def holding(self, operation: str, about: About = "", times: int | None = None) -> Iterator[Rule]:
        """Holds matching calls that arrive inside the block; `release` lets them go."""
        with self._held(Rule(operation, about, holds=True, times=times)) as rule:
            yield rule

    @contextlib.contextmanager
    def holding_the_answer(self, operation: str, about: About = "") -> Iterator[Rule]:
        """Lets matching calls through, and keeps what is said to them until `release`."""
        with self._held(Rule(operation, about, holds_the_answer=True)) as rule:
            yield rule

    @contextlib.contextmanager
    def _held(self, held: Rule) -> Iterator[Rule]:
        with self._rule(held) as rule:
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
        return rule.wait_until_answered()

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

    async def _listen(self, server: Server, tls: ssl.SSLContext | None) -> int:
        serve = functools.partial(self._serve, server)
        listener = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20, ssl=tls)
        return int(listener.sockets[0].getsockname()[1])

    async def _serve(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def go_on(head: Message) -> None:
            if head.header("expect").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")

        with contextlib.suppress(GoneError, ConnectionError):
            while True:
                request = await read_message(reader, go_on)
                answer = await self._answer(server, request)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _answer(self, server: Server, request: Message) -> bytes | None:
        call = server.call(request)
        rule = next((rule for rule in list(self._rules) if rule.matches(call)), None)
        if rule is None:
            return await forward(server, request)
        rule.seen.append(call)
        if rule.answer:
            return rule.answer.raw()
        if rule.holds:
            await rule.released.wait()
        await asyncio.sleep(rule.delay_seconds)
        answer = await forward(server, request)
        rule.answers.put(answer)
        if rule.holds_the_answer:
            await rule.released.wait()
        return None if rule.loses_the_answer else answer


async def forward(server: Server, request: Message) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2**20)
    try:
        writer.write(request.over_tls())
        await writer.drain()
        return await read_answer(reader, request.first_line.startswith("HEAD "))
    finally:
        writer.close()
