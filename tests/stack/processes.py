"""The functions' processes, which are MiniStack's children."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Environment = dict[str, str]


@dataclass(frozen=True)
class Processes:
    group: int
    """The id of MiniStack's process group."""

    def of(self, function: str) -> Iterator[tuple[int, Environment]]:
        """The process ids of a function's workers, with their environments."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                pid = int(entry.name)
                if os.getpgid(pid) == self.group:
                    environment = environment_of(pid)
                    if environment.get("AWS_LAMBDA_FUNCTION_NAME") == function:
                        yield pid, environment

    def signal(self, function: str, which: int) -> None:
        for pid, _ in list(self.of(function)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, which)


def environment_of(pid: int) -> Environment:
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
