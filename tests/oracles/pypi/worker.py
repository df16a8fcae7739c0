"""Asks the SDKs of sdks.py: one question a line, one answer a line, JSON both ways."""

from __future__ import annotations

import base64
import contextlib
import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import sdks


class Request:
    """What an SDK is handed: the question with the body in each form that SDKs want."""

    def __init__(self, question: dict[str, Any]) -> None:
        self.secret: str = question["secret"]
        self.method: str = question["method"]
        self.url: str = question["url"]
        self.settings: dict[str, str] = question["settings"]
        self.named: dict[str, str] = dict(question["headers"])
        """The headers under the names that the provider writes."""
        self.headers = {name.lower(): value for name, value in self.named.items()}
        self.bytes = base64.b64decode(question["body_base64"])

    @property
    def text(self) -> str:
        return self.bytes.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.bytes)

    @property
    def form(self) -> dict[str, Any]:
        form = parse_qs(self.text, keep_blank_values=True)
        return {name: values[0] if len(values) == 1 else values for name, values in form.items()}

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


def answer(question: dict[str, Any]) -> dict[str, Any]:
    sdk = sdks.SDKS[question["sdk"]]
    request = Request(question)
    try:
        if question["op"] == "sign":
            return sdk.sign(request)
        refused = sdk.verify(request) is False
    except Exception as error:  # noqa: BLE001 - each SDK has errors of its own
        return {"ok": False, "why": f"{type(error).__name__}: {error}"}
    return {"ok": False, "why": "false"} if refused else {"ok": True}


def main() -> None:
    answers = sys.stdout
    # Some SDKs print what they refuse.
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            answers.write(json.dumps(answer(json.loads(line))) + "\n")
            answers.flush()


main()
