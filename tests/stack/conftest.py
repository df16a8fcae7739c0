"""The stack, deployed once for all tests, and taken down whatever happens."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import deploy
from emulator import CREDENTIALS, Emulator, running_emulator
from proxy import Proxy
from stack import Endpoint, Stack

STACK_NAME = "hookdock-test"
MAX_ATTEMPTS = 3
LISTED_SECRET = "whsec_the_one_in_the_list"
PARAMETERS = {
    "Architecture": deploy.ARCHITECTURE,
    "Endpoints": "stripe",
    "MaxAttempts": str(MAX_ATTEMPTS),
    # Of a worker that dies, the messages come back after six times this.
    "ProcessorTimeout": "5",
}

Register = Callable[..., Endpoint]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--built", type=Path, help="deploy what `sam build` left in this folder instead of building")


def pytest_configure() -> None:
    # So that the stack is taken down when the tests are told to stop, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    forget_accounts()


def forget_accounts() -> None:
    """Nothing here may reach, or be confused by, somebody's real AWS account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SAM_CLI_"))]:
        del os.environ[name]


@pytest.fixture(scope="session")
def built(request: pytest.FixtureRequest) -> Path:
    already: Path | None = request.config.getoption("--built")
    return already.resolve() if already else deploy.build()


@pytest.fixture(scope="session")
def emulator_and_proxy(built: Path) -> Iterator[tuple[Emulator, Proxy]]:
    deploy.DATA.mkdir(parents=True, exist_ok=True)
    with running_emulator(deploy.DATA / "ministack.log") as both:
        yield both


@pytest.fixture(scope="session")
def proxy(emulator_and_proxy: tuple[Emulator, Proxy]) -> Proxy:
    return emulator_and_proxy[1]


@pytest.fixture(scope="session")
def stack(built: Path, emulator_and_proxy: tuple[Emulator, Proxy]) -> Stack:
    emulator, proxy = emulator_and_proxy
    deploy.deploy(built, STACK_NAME, PARAMETERS, {**CREDENTIALS, "AWS_ENDPOINT_URL": proxy.url})
    stack = Stack(STACK_NAME, emulator, proxy)
    stack.repair_trigger()
    stack.allow_batches()
    # Before any request: what a function does not find while it starts, it takes for unknown.
    stack.register("stripe", "stripe", LISTED_SECRET)
    return stack


@pytest.fixture(scope="session")
def stripe(stack: Stack) -> Endpoint:
    """The endpoint that the functions load when they start."""
    return Endpoint("stripe", LISTED_SECRET)


class Pace:
    """Look-ups of endpoints that the stack does not list are rationed; this stays below that."""

    at_once = 12
    seconds_each = 1.1

    def __init__(self) -> None:
        self._next = 0.0

    def wait(self) -> None:
        now = time.monotonic()
        self._next = max(self._next, now - self.at_once * self.seconds_each) + self.seconds_each
        time.sleep(max(0, self._next - now))


@pytest.fixture(scope="session")
def pace() -> Pace:
    return Pace()


@pytest.fixture
def register(stack: Stack, stripe: Endpoint, pace: Pace) -> Register:
    """Makes an endpoint that no other test uses, and that the functions do not know yet."""

    def make(provider: str, **settings: object) -> Endpoint:
        pace.wait()
        name = f"{provider[:20]}-{uuid.uuid4().hex[:8]}"
        return stack.register(name, provider, f"whsec_{uuid.uuid4().hex}", **settings)

    return make


@pytest.fixture
def session_id() -> str:
    """The id of a checkout session, and of the order that is made for it."""
    return f"cs_test_{uuid.uuid4().hex}"
