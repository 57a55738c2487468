"""Options of the test run, interpreters with plug-ins of third parties installed, and a browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Chromium

PLUGINS = Path(__file__).parent / "plugins"

RunPython = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a longer run ask for more."""
    parser.addoption(
        "--mutations", type=int, default=100_000, help="damaged payloads that each safe format is fed (default 100000)"
    )
    parser.addoption(
        "--exploration-runs",
        type=int,
        default=1_000,
        help="runs of each plan of the protocol's explorer (default 1000)",
    )


@pytest.fixture(scope="session")
def install_plugins(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], Path]:
    """Return a function that installs plug-ins into a folder, once, and returns the folder."""
    folders: dict[tuple[str, ...], Path] = {}

    def install_once(names: tuple[str, ...]) -> Path:
        if names not in folders:
            # Building leaves files beside the source, which belongs to the repository.
            sources = tmp_path_factory.mktemp("plugins")
            for name in names:
                shutil.copytree(PLUGINS / name, sources / name)
            target = sources / "installed"
            pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
            command = [*pip, "--target", target, *(sources / name for name in names)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            folders[names] = target
        return folders[names]

    return install_once


@pytest.fixture(scope="session")
def python_in(install_plugins: Callable[[tuple[str, ...]], Path]) -> RunPython:
    """Return a function that runs Python with some plug-ins installed, in a folder."""

    def run(folder: Path, *arguments: str, plugins: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
        environment["PYTHONPATH"] = str(install_plugins(plugins))
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def python(python_in: RunPython, tmp_path: Path) -> RunPython:
    """Return a function that runs Python with some plug-ins installed, in an empty folder."""
    return partial(python_in, tmp_path)


@pytest.fixture
def chromium(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chromium]":
    """A browser of this test alone, without a window. Where there is none the test is skipped, but not in CI."""
    from chromium import Chromium, missing_program  # what drives it is not loaded for tests that need none

    missing = missing_program()
    if missing:
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
