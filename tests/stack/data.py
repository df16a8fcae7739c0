"""What goes in and out of the stack, as a test holds it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import names
import signing

Item = dict[str, Any]


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def delivery_id(self) -> str:
        return self.headers[names.DELIVERY_HEADER]

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Delivery:
    """A stored delivery."""

    object_key: str
    content: Item

    @property
    def endpoint(self) -> str:
        return str(self.content["endpoint"])

    @property
    def event_key(self) -> str:
        return str(self.content["event"]["key"])

    @property
    def items(self) -> list[Delivery]:
        """Each item of a delivery that carries several events, as if it had come alone."""
        items = self.content["items"]
        return [replace(self, content={**self.content, "event": item["event"], "items": []}) for item in items]

    @property
    def body(self) -> bytes:
        body = str(self.content["body"])
        return base64.b64decode(body) if self.content["body_encoding"] == "base64" else body.encode()


@dataclass(frozen=True)
class Endpoint:
    """One registered endpoint with its secret."""

    name: str
    secret: str

    def checkout(self, session: str) -> signing.Signed:
        return signing.stripe(self.secret, signing.checkout_completed(session))


@dataclass(frozen=True)
class DeadLetter:
    body: str
    attributes: dict[str, str]


@dataclass(frozen=True)
class Effects:
    """What `fulfil_order` has done for one session. Order, invoice and mark are kept under names
    that follow from the session, so of each there is one or none."""

    order: bool = True
    invoice: bool = True
    emails: int = 1
    crm_entries: int = 1
    processed: bool = True


ONCE = Effects()
