"""Starts and stops MiniStack, the local AWS."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proxy import Proxy

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True)
class Emulator:
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def running_emulator(log_file: Path, functions_find: dict[str, str]) -> Iterator[tuple[Emulator, Proxy]]:
    """MiniStack on a free port, and the proxy through which its functions reach it."""
    port = free_port()
    with Proxy(port) as proxy, log_file.open("wb") as log, tempfile.TemporaryDirectory(dir=log_file.parent) as scratch:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ministack")],
            env={**environment(port, proxy.port, scratch), **functions_find},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            emulator = Emulator(port, process)
            wait_until_healthy(emulator)
            yield emulator, proxy
        finally:
            stop(process)


def environment(port: int, functions_see: int, scratch: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": scratch,
        "TMPDIR": scratch,
        "S3_DATA_DIR": f"{scratch}/s3",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "GATEWAY_PORT": str(port),
        # Both would listen on fixed ports.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # With this on, roles and resource policies are enforced.
        "AUTH": "true",
        # As many workers at once as AWS has for an account, however small this machine is.
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
        # MiniStack hands its own environment on to the functions.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{functions_see}",
        **CREDENTIALS,
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_healthy(emulator: Emulator) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and emulator.process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{emulator.url}/_ministack/health", timeout=2).close()
            return
        time.sleep(0.1)
    raise RuntimeError("MiniStack did not start; its log is target/stack/ministack.log")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the whole process group: the functions run as MiniStack's children."""
    for which in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, which)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
