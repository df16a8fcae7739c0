"""The two processes in which the SDKs live."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookdock import ROOT, Account
from request import Request

HERE = Path(__file__).resolve().parent
PYTHON = ROOT / "target" / "oracles" / "bin" / "python"
NODE = ROOT / "target" / "oracles" / "bin" / "node"
NODE_MODULES = ROOT / "target" / "oracles-npm"


@dataclass(frozen=True)
class Sdks:
    processes: dict[str, subprocess.Popen[str]]
    """By registry."""

    def verify(self, sdk: str, account: Account, request: Request) -> tuple[bool, str]:
        """Whether it accepts the request, and what it said if it does not."""
        answer = self.ask("verify", sdk, account, request)
        return answer["ok"], answer.get("why", "")

    def sign(self, sdk: str, account: Account, draft: Request) -> Request:
        answer = self.ask("sign", sdk, account, draft)
        assert "headers" in answer, answer
        body = answer["body"].encode() if "body" in answer else draft.body
        return draft.with_headers(answer["headers"]).with_body(body)

    def ask(self, op: str, sdk: str, account: Account, request: Request) -> dict[str, Any]:
        registry, _, name = sdk.partition(":")
        question = {
            "op": op,
            "sdk": name,
            "secret": account.secret,
            "settings": dict(account.settings),
            "method": request.method,
            "url": request.url,
            "headers": request.headers,
            "body_base64": base64.b64encode(request.body).decode(),
        }
        process = self.processes[registry]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"{sdk} ended its process"
        result: dict[str, Any] = json.loads(answer)
        return result


@contextlib.contextmanager
def running_sdks(log: Path) -> Iterator[Sdks]:
    for file in (HERE / "npm").glob("*.mjs"):
        # Node looks for packages beside the file that asks for them.
        shutil.copy(file, NODE_MODULES)
    commands = {
        "npm": [NODE, NODE_MODULES / "worker.mjs"],
        "pypi": [PYTHON, HERE / "pypi" / "worker.py"],
    }
    with contextlib.ExitStack() as stack, log.open("wb") as errors:
        yield Sdks({name: stack.enter_context(running(command, errors)) for name, command in commands.items()})


@contextlib.contextmanager
def running(command: list[Path], errors: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
