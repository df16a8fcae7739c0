"""How large the functions are. `pytest -s` prints it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

MIB = 1024 * 1024
BUDGET_ZIPPED = {"IngestFunction": 4 * MIB, "ProcessorFunction": 8 * MIB, "MaintenanceFunction": 6 * MIB}


@pytest.mark.parametrize("function", BUDGET_ZIPPED)
def test_a_function_stays_within_its_budget(built: Path, tmp_path: Path, function: str) -> None:
    binary = built / function / "bootstrap"
    archive = tmp_path / "function.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(binary, "bootstrap")

    zipped = archive.stat().st_size
    print(f"{function}: {binary.stat().st_size / MIB:.1f} MiB, {zipped / MIB:.1f} MiB zipped")
    assert zipped <= BUDGET_ZIPPED[function]
