"""The SDKs and Hookdock, started once, and what they have been asked."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from court import Court, Tally, account
from hookdock import Tool, running_dev
from providers import PROVIDERS
from workers import running_sdks

SEED = pytest.StashKey[str]()
TALLY = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    # So that everything is stopped when the tests are told to stop, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.stash[SEED] = os.environ.get("HOOKDOCK_SEED") or str(random.SystemRandom().getrandbits(32))
    config.stash[TALLY] = Tally()


def pytest_report_header(config: pytest.Config) -> str:
    return f"bodies and secrets by HOOKDOCK_SEED={config.stash[SEED]}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(f"{config.stash[TALLY]} (HOOKDOCK_SEED={config.stash[SEED]})")


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> str:
    return pytestconfig.stash[SEED]


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    return pytestconfig.stash[TALLY]


@pytest.fixture(scope="session")
def court(seed: str, tally: Tally, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    folder: Path = tmp_path_factory.mktemp("oracles")
    tool = Tool(folder)
    accounts = {provider.id: account(tool, provider, f"{seed} {provider.id}") for provider in PROVIDERS}
    with running_sdks(folder / "sdks.log") as sdks, running_dev(folder, list(accounts.values())) as dev:
        yield Court(seed, accounts, tool, dev, sdks, tally)
