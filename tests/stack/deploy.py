"""Builds and deploys the real template with the real `sam`.

`python tests/stack/deploy.py` only builds, so that a slow build can be a step of its own.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "target" / "stack"
BUILT = DATA / "build"
TOOLS = ROOT / "target" / "sam" / "bin"
LONGEST_SECONDS = {"build": 3600, "deploy": 900}
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


def build() -> Path:
    """Builds both functions for this machine and returns the folder to deploy from."""
    DATA.mkdir(parents=True, exist_ok=True)
    sam(
        "build",
        *("--template-file", template()),
        *("--base-dir", ROOT),
        *("--config-file", ROOT / "samconfig.toml"),
        *("--build-dir", BUILT),
    )
    return BUILT


def template() -> Path:
    """The template with this machine's architecture, and without what MiniStack refuses to make: alarms on more
    than one metric. `test_template.py` looks at those."""
    text = (ROOT / "template.yaml").read_text()
    there = "Architectures: [arm64]"
    assert text.count(there) == 1
    blocks = [
        block for block in text.split("\n\n") if not ("AWS::CloudWatch::Alarm" in block and "Metrics:\n" in block)
    ]
    here = DATA / "template.yaml"
    here.write_text("\n\n".join(blocks).replace(there, f"Architectures: [{ARCHITECTURE}]"))
    return here


def build_tool() -> Path:
    """Builds `hookdock` with the SDK, as the tests in Rust have it, so that little is left to build."""
    command = ["cargo", "build", "--quiet", "--workspace", "--all-features", "--bin", "hookdock", "--test", "aws"]
    subprocess.run(command, cwd=ROOT, check=True)
    return ROOT / "target" / "debug" / "hookdock"


def deploy(built: Path, stack_name: str, parameters: dict[str, str], environment: dict[str, str]) -> None:
    sam(
        "deploy",
        *("--template-file", built / "template.yaml"),
        *("--stack-name", stack_name),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        *("--capabilities", "CAPABILITY_IAM"),
        "--resolve-s3",
        "--no-confirm-changeset",
        environment=environment,
    )


def sam(command: str, *arguments: object, environment: dict[str, str] | None = None) -> None:
    """Runs `sam` from the template's folder; its output goes to target/stack/sam-{command}.log."""
    log = DATA / f"sam-{command}.log"
    with log.open("wb") as output:
        ended = subprocess.run(
            [TOOLS / "sam", command, *map(str, arguments)],
            cwd=ROOT,
            env={
                **os.environ,
                "PATH": f"{TOOLS}:{os.environ['PATH']}",
                "SAM_CLI_TELEMETRY": "0",
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=LONGEST_SECONDS[command],
            check=False,
        )
    if ended.returncode:
        raise RuntimeError(f"sam {command} failed:\n{log.read_text()[-4000:]}")


if __name__ == "__main__":
    started = time.monotonic()
    print(f"built in {build()} after {time.monotonic() - started:.0f} s")
