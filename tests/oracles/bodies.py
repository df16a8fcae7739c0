"""Bodies of every kind, made by chance from a seed.

Each holds `mark`, a number of ten digits that it has nowhere else; another number in its place is
the smallest change that leaves the body well-formed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

Maker = Callable[[random.Random, str], bytes]
Kinds = Mapping[str, Maker]

MIB = 1024 * 1024


def event(chance: random.Random, mark: str) -> dict[str, Any]:
    """What most SDKs take for an event when they read on after the signature."""
    return {
        "id": f"evt_{mark}",
        "type": "oracle.test",
        "events": [],
        "data": {"amount": chance.randint(1, 10**6), "note": letters(chance, 20)},
    }


def letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=count))


def compact(chance: random.Random, mark: str) -> bytes:
    return json.dumps(event(chance, mark), separators=(",", ":")).encode()


def spaced(chance: random.Random, mark: str) -> bytes:
    """JSON that nobody writes again as it was: blanks, escapes, numbers with an exponent."""
    blank = "".join(chance.choices(" \t\n", k=3))
    return (
        f'{blank}{{ "id":{blank}"evt_{mark}" ,"n":1.50,\t"e" : 1E+3, "path":"a\\/b","events":[ ],'
        f' "name":"zo\\u00eb", "type":"oracle.test"{blank}}}'
    ).encode()


def unicode(chance: random.Random, mark: str) -> bytes:
    letter = "".join(chance.choices("é𝕏🦀日本語ẞ\u0301\u200d\u2028<>&'", k=20))
    return json.dumps({**event(chance, mark), "note": letter}, separators=(",", ":"), ensure_ascii=False).encode()


def newline(chance: random.Random, mark: str) -> bytes:
    return compact(chance, mark) + b"\n"


def large(chance: random.Random, mark: str) -> bytes:
    padded = {**event(chance, mark), "padding": letters(chance, 64) * (MIB // 64)}
    return json.dumps(padded, separators=(",", ":")).encode()


def text(chance: random.Random, mark: str) -> bytes:
    return f"{letters(chance, 10)} {mark}\r\n{letters(chance, 10)}=ü&\0%00\r\n".encode()


def empty(_chance: random.Random, _mark: str) -> bytes:
    return b""


def invalid_utf8(chance: random.Random, mark: str) -> bytes:
    return b"\xff\xc0\xaf" + chance.randbytes(64) + mark.encode() + b"\xed\xa0\x80"


def with_time(maker: Maker, field: str) -> Maker:
    """The object with the time in milliseconds in its first field."""

    def made(chance: random.Random, mark: str) -> bytes:
        stamp = f'{{"{field}":{int(time.time() * 1000)},'
        return maker(chance, mark).replace(b"{", stamp.encode(), 1)

    return made


def form(chance: random.Random, mark: str) -> bytes:
    fields = [(letters(chance, 6), letters(chance, 9)) for _ in range(4)]
    return urlencode([*fields, ("CallSid", f"CA{mark}"), ("Body", "a b+c&d=e"), ("Empty", "")]).encode()


def unicode_form(chance: random.Random, mark: str) -> bytes:
    return urlencode([("To", "+1 555"), ("From", f"zoë {mark} 🦀"), ("from", letters(chance, 5))]).encode()


def large_form(chance: random.Random, mark: str) -> bytes:
    return urlencode([("Id", mark), ("Padding", letters(chance, 64) * (MIB // 64))]).encode()


def adyen(chance: random.Random, mark: str) -> bytes:
    """A payment; of a batch the SDKs for Python look at the first item alone."""
    item = {
        "amount": {"currency": "EUR", "value": chance.randint(1, 10**6)},
        "eventCode": "AUTHORISATION",
        "eventDate": "2026-11-21T09:12:00+01:00",
        "merchantAccountCode": "Merchant:With\\Odd",
        "merchantReference": letters(chance, 12),
        "originalReference": "",
        "paymentMethod": "visa",
        "pspReference": mark,
        "success": "true",
    }
    return json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}).encode()


def mailgun(chance: random.Random, mark: str) -> bytes:
    signature = {"timestamp": str(int(time.time())), "token": f"{letters(chance, 40)}{mark}", "signature": ""}
    return json.dumps({"signature": signature, "event-data": {"id": letters(chance, 8)}}).encode()


def dropbox_sign(_chance: random.Random, mark: str) -> bytes:
    named = {"event_time": mark, "event_type": "signature_request_sent", "event_hash": ""}
    return json.dumps({"event": named}).encode()


def weighed(chance: random.Random, mark: str) -> bytes:
    """A weight without a fraction, which EasyPost's SDK for Node writes again before it signs."""
    return json.dumps({**event(chance, mark), "weight": chance.randint(1, 99)}).encode()


def name(chance: random.Random, mark: str) -> bytes:
    return f"{letters(chance, 6)}{mark}".encode()


JSON: Kinds = {"compact": compact, "spaced": spaced, "unicode": unicode, "newline": newline, "large": large}
TEXT: Kinds = {**JSON, "empty": empty, "text": text}
BYTES: Kinds = {**TEXT, "invalid-utf8": invalid_utf8}
FORM: Kinds = {"form": form, "unicode-form": unicode_form, "large-form": large_form, "empty": empty}
