"""The script with the checks for a real account, as far as MiniStack goes."""

from __future__ import annotations

import os
import subprocess
import sys

import deploy
from conftest import Pace
from emulator import CREDENTIALS
from stack import Stack

# MiniStack lacks what the others ask of AWS: a job that waits is `test_faults.py`, and it has neither
# StartMessageMoveTask nor TestMetricFilter nor metric math. The twelfth check is made by hand.
HERE = "1,2,3,4,5,6,7,10"


def test_the_checks_of_a_first_deployment_pass_here_too(stack: Stack, pace: Pace) -> None:
    for _ in range(3):
        pace.wait()
    ended = subprocess.run(
        [
            *(sys.executable, deploy.ROOT / "infra" / "first-deployment"),
            *("--stack", stack.name, "--only", HERE, "--gateway", stack.gateway, "--idle-seconds", "1"),
        ],
        env={**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": stack.proxy.url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [line[:2].strip() for line in ended.stdout.splitlines() if line[2:3] == "."] == HERE.split(",")
