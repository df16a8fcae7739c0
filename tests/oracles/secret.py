"""Secrets in the form in which each provider hands them out, made by chance."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

Maker = Callable[[random.Random], str]


def word(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits, k=40))


def hexadecimal(chance: random.Random) -> str:
    return chance.randbytes(32).hex()


def base64_of_bytes(chance: random.Random) -> str:
    return base64.b64encode(chance.randbytes(32)).decode()


def whsec(chance: random.Random) -> str:
    return f"whsec_{base64_of_bytes(chance)}"


def user_and_password(chance: random.Random) -> str:
    return f"hookdock:{word(chance)}"


def letters_with_accents(chance: random.Random) -> str:
    """Letters that are written with one character or with two."""
    return "".join(chance.choices("abcéñÅﬁ①", k=30))
