"""A request as a provider sends it, and the ways to change one thing in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode, urlsplit

Header = tuple[str, str]


@dataclass(frozen=True)
class Request:
    url: str
    headers: tuple[Header, ...]
    body: bytes
    method: str = "POST"

    def header(self, name: str) -> str:
        return next(value for known, value in self.headers if known.lower() == name.lower())

    def with_headers(self, headers: dict[str, str]) -> Request:
        """Sets these headers, and keeps the others."""
        names = {name.lower() for name in headers}
        kept = (header for header in self.headers if header[0].lower() not in names)
        return replace(self, headers=(*kept, *headers.items()))

    def with_body(self, body: bytes) -> Request:
        return replace(self, body=body)

    def with_query(self, query: str) -> Request:
        return replace(self, url=urlsplit(self.url)._replace(query=query).geturl())

    @property
    def query(self) -> str:
        return urlsplit(self.url).query


def spoilt(value: str) -> Iterator[str]:
    """The value with another character in what it signs, and with a time that is a second off."""
    at = len(value) * 3 // 4
    yield value[:at] + other(value[at]) + value[at + 1 :]
    for time in re.finditer(r"(?<![0-9A-Za-z+/])\d{10,13}(?![0-9A-Za-z+/])", value):
        last = time.end() - 1
        yield value[:last] + other(value[last]) + value[last + 1 :]


def other(character: str) -> str:
    """One of the same alphabet: a digit for a digit, a hexadecimal letter for another."""
    for alphabet in ("0123456789", "abcdef", "ABCDEF"):
        if character in alphabet:
            return alphabet[(alphabet.index(character) + 1) % len(alphabet)]
    return "B" if character == "A" else "A"


def with_field(form: bytes, name: str, value: str) -> bytes:
    """A form with another value in a field."""
    fields = {known: values[0] for known, values in parse_qs(form.decode(), keep_blank_values=True).items()}
    return urlencode({**fields, name: value}).encode()
