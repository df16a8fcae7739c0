"""The stack, deployed once for all tests, and taken down whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import deploy
from crm import TOKEN, Crm, running_crm
from data import Endpoint
from emulator import CREDENTIALS, REGION, Emulator, running_emulator
from proxy import Proxy
from public import Public, public_address
from stack import Stack

STACK_NAME = "hookdock-test"
MAX_ATTEMPTS = 3
LISTED_SECRET = "whsec_the_one_in_the_list"
MAIL_FROM = "shop@example.com"
PARAMETERS = {
    "Endpoints": "stripe",
    "MaxAttempts": str(MAX_ATTEMPTS),
    # Time enough for ten jobs at once on a machine that has other things to do.
    "ProcessorTimeout": "30",
    "JobSettings": "true",
    "MailFrom": MAIL_FROM,
}

Register = Callable[..., Endpoint]
Inspect = Callable[..., str]


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
def public() -> Public:
    deploy.DATA.mkdir(parents=True, exist_ok=True)
    return public_address(deploy.DATA)


@pytest.fixture(scope="session")
def emulator_and_proxy(built: Path, public: Public) -> Iterator[tuple[Emulator, Proxy]]:
    with running_emulator(deploy.DATA / "ministack.log", public.environment) as both:
        yield both


@pytest.fixture(scope="session")
def proxy(emulator_and_proxy: tuple[Emulator, Proxy]) -> Proxy:
    return emulator_and_proxy[1]


@pytest.fixture(scope="session")
def crm(proxy: Proxy, public: Public) -> Iterator[Crm]:
    with running_crm(proxy, public) as crm:
        yield crm


@pytest.fixture(scope="session")
def stack(built: Path, emulator_and_proxy: tuple[Emulator, Proxy], crm: Crm) -> Stack:
    emulator, proxy = emulator_and_proxy
    deploy.deploy(built, STACK_NAME, PARAMETERS, {**CREDENTIALS, "AWS_ENDPOINT_URL": proxy.url})
    stack = Stack(STACK_NAME, emulator, proxy, crm)
    stack.set_up_jobs(job_settings(crm), MAIL_FROM)
    # Before any request: what a function does not find while it starts, it takes for unknown.
    stack.register("stripe", "stripe", LISTED_SECRET)
    return stack


def job_settings(crm: Crm) -> dict[str, object]:
    order = {"seller": "Example Ltd", "crm": {"url": crm.url, "token": TOKEN}}
    return {"version": 1, "fulfil_order": order}


@pytest.fixture(scope="session")
def stripe(stack: Stack) -> Endpoint:
    """The endpoint that the functions load when they start."""
    return Endpoint("stripe", LISTED_SECRET)


class Pace:
    """Look-ups of endpoints that the stack does not list are rate-limited; this stays below that."""

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


@pytest.fixture(scope="session")
def inspect(stack: Stack) -> Inspect:
    """Runs `hookdock inspect` on the stack, as its operator."""
    tool = deploy.build_tool()
    place = {"HOOKDOCK_TABLE": stack.outputs["LedgerTableName"], "HOOKDOCK_BUCKET": stack.outputs["DeliveryBucketName"]}
    environment = {**CREDENTIALS, **place, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": stack.proxy.url}

    def run(*arguments: str) -> str:
        ended = subprocess.run(
            [tool, "inspect", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run


@pytest.fixture
def session_id() -> str:
    """The id of a checkout session, and of the order that is made for it."""
    return f"cs_test_{uuid.uuid4().hex}"
