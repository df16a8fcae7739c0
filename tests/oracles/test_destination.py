"""The receiver that docs/destinations.md shows, behind a `hookdock dev` that sends events on to it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hookdock import BINARY, ROOT, START_SECONDS, Account, Dev, Tool
from request import Request

BODY = b'{"id":"evt_1","type":"checkout.session.completed","amount":10.50}'
SECRET = "whsec_local_test"


@contextlib.contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    with log.open("w") as written:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=written, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def shown(fence: str) -> str:
    page = (ROOT / "docs" / "destinations.md").read_text()
    found = re.search(rf"```{fence}\n(.*?)```", page, re.DOTALL)
    assert found
    return found.group(1)


def port_of(log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())
        if found:
            return int(found.group(1))
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_the_receiver_on_the_page_takes_what_is_sent_on_and_refuses_others(tmp_path: Path) -> None:
    receiver = tmp_path / "receiver.py"
    receiver.write_text(shown("python").replace("8080", "0"))
    with running([sys.executable, "-u", str(receiver)], tmp_path / "receiver.log") as taking:
        assert taking.stdout
        port = taking.stdout.readline().strip()
        url = f"http://127.0.0.1:{port}/hooks"
        (tmp_path / "jobs.toml").write_text(shown("toml").replace("https://api.example.com/hooks", url))
        (tmp_path / "endpoints.toml").write_text(f'[endpoints.stripe]\nprovider = "stripe"\nsecrets = ["{SECRET}"]\n')
        files = ["--endpoints", str(tmp_path / "endpoints.toml"), "--jobs", str(tmp_path / "jobs.toml")]
        free = ["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]
        with running([str(BINARY), "dev", *files, *free], tmp_path / "dev.log"):
            dev, tool = Dev(port_of(tmp_path / "dev.log")), Tool(tmp_path)
            draft = Request(dev.url("stripe"), (("Content-Type", "application/json"),), BODY)
            signed = tool.sign(Account("stripe", SECRET, {}), draft)
            assert [dev.post(signed), dev.post(signed)] == [200, 200]
            assert taking.stdout.readline() == f"an event: {BODY.decode()}\n"
            now = str(int(time.time()))
            stated = (("webhook-id", "x"), ("webhook-timestamp", now), ("webhook-signature", "v1,AAAA"))
            forged = Request(url, stated, BODY)
            assert Dev(int(port)).post(forged) == 401
