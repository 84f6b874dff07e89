"""What is installed is the library, whole: a project can be written from it without a checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--quiet",
        "--wheel-dir",
        str(folder),
    ]
    subprocess.run([sys.executable, *command], cwd=REPOSITORY, check=True, capture_output=True, timeout=900)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_library_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"headgate"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    ours = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "headgate").rglob("*.py")
        if "template" not in path.parts
    }
    assert ours <= set(names)


@pytest.mark.parametrize("folder", ["assets", "pipelines", "notebooks"])
def test_the_links_of_the_template_are_files_in_the_wheel(wheel: zipfile.ZipFile, folder: str) -> None:
    place = f"headgate/cli/template/{folder}/"
    shipped = {Path(name).name: wheel.read(name) for name in wheel.namelist() if name.startswith(place)}
    ours = {path.name: path.read_bytes() for path in (REPOSITORY / folder).iterdir() if path.is_file()}
    assert shipped == ours
    assert wheel.read("headgate/cli/template/dagster.yaml") == (REPOSITORY / "dagster.yaml").read_bytes()
