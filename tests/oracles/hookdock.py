"""Hookdock as its users have it: the commands `sign` and `verify`, and `dev` over HTTP."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from request import Request

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "target" / "debug" / "hookdock"
START_SECONDS = 30
NOT_VALID = 4


@dataclass(frozen=True)
class Account:
    """What both sides have agreed on."""

    provider: str
    secret: str
    settings: Mapping[str, str]
    private_key: Path | None = None
    """Signs, where the secret is a public key."""

    @property
    def setting_arguments(self) -> list[str]:
        return [part for name, value in self.settings.items() for part in ("--setting", f"{name}={value}")]


@dataclass(frozen=True)
class Tool:
    """The commands. `folder` holds the files that they read."""

    folder: Path

    def sign(self, account: Account, draft: Request) -> Request:
        headers = [part for name, value in draft.headers for part in ("--header", f"{name}: {value}")]
        answer = self.run(
            ["sign", "--json", "--url", draft.url, "--body", self.file("body", draft.body), *headers],
            account,
            account.private_key,
        )
        assert answer.returncode == 0, answer.stderr.decode()
        signed = json.loads(answer.stdout)
        return draft.with_headers(dict(signed["headers"]))

    def verify(self, account: Account, request: Request) -> tuple[bool, str]:
        """Whether it is valid, and the reason's code if it is not."""
        answer = self.run(["verify", "--json", "--request", self.saved(request)], account)
        assert answer.returncode in (0, NOT_VALID), answer.stderr.decode()
        reason = json.loads(answer.stdout)["reason"] or {}
        return answer.returncode == 0, reason.get("code", "")

    def explain(self, account: Account, request: Request, now: int) -> str:
        """What is said of a request that is refused."""
        given = ["--request", self.saved(request), "--now", str(now)]
        answer = self.run(["verify", "--explain", *given], account)
        assert answer.returncode == NOT_VALID, answer.stderr.decode()
        return answer.stdout.decode()

    def saved(self, request: Request) -> str:
        """A file as `hookdock verify` reads it."""
        content = {
            "method": request.method,
            "url": request.url,
            "headers": request.headers,
            "body_base64": base64.b64encode(request.body).decode(),
        }
        return self.file("request.json", json.dumps(content).encode())

    def with_key_pair(self, provider: str, name: str) -> Account:
        """An account with a new key pair."""
        account = Account(provider, "", {}, self.folder / f"{name}.pem")
        answer = self.run(["sign"], account, account.private_key)
        assert answer.returncode == 0, answer.stderr.decode()
        _, _, public = answer.stderr.decode().partition("configure:\n")
        return replace(account, secret=public.strip())

    def run(
        self, arguments: list[str], account: Account, private_key: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        secret = ["--secret-file", self.file("secret", account.secret.encode())]
        key = ["--private-key", str(private_key)] if private_key else secret
        given = ["--provider", account.provider, *key, *account.setting_arguments]
        return subprocess.run([BINARY, *arguments, *given], capture_output=True, check=False)

    def file(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)


class Dev:
    """A running `hookdock dev`, with an endpoint for each provider."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, provider: str) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/{provider}"

    def post(self, request: Request) -> int:
        """The status of the answer."""
        parts = urlsplit(request.url)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.putrequest(request.method, parts._replace(scheme="", netloc="").geturl())
            for name, value in (*request.headers, ("Content-Length", str(len(request.body)))):
                connection.putheader(name, value)
            connection.endheaders(request.body)
            return connection.getresponse().status


@contextlib.contextmanager
def running_dev(folder: Path, accounts: list[Account]) -> Iterator[Dev]:
    endpoints = folder / "endpoints.toml"
    endpoints.write_text("\n".join(endpoint(account) for account in accounts), encoding="utf-8")
    port = free_port()
    with (folder / "dev.log").open("wb") as log:
        command = [BINARY, "dev", "--endpoints", endpoints, "--listen", f"127.0.0.1:{port}"]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until_listening(process, port, folder / "dev.log")
            yield Dev(port)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def endpoint(account: Account) -> str:
    """A part of the endpoints file. TOML reads the strings of JSON."""
    settings = (f"settings.{name} = {json.dumps(value)}" for name, value in account.settings.items())
    secret = json.dumps(account.secret, ensure_ascii=False)
    lines = (f"[endpoints.{account.provider}]", f'provider = "{account.provider}"', f"secrets = [{secret}]", *settings)
    return "\n".join(lines) + "\n"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"hookdock dev did not start: {log.read_text()}")
