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
def install_plugin(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that installs a plug-in once and returns the folder that it is in."""
    folders: dict[str, Path] = {}

    def install_once(name: str) -> Path:
        if name not in folders:
            # Building leaves files beside the source, which belongs to the repository.
            source = tmp_path_factory.mktemp(name) / "source"
            shutil.copytree(PLUGINS / name, source)
            target = source.parent / "installed"
            pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
            done = subprocess.run([*pip, "--target", target, source], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            folders[name] = target
        return folders[name]

    return install_once


@pytest.fixture(scope="session")
def python_in(install_plugin: Callable[[str], Path]) -> RunPython:
    """Return a function that runs Python with some plug-ins installed, in a folder."""

    def run(folder: Path, *arguments: str, plugins: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
        environment["PYTHONPATH"] = os.pathsep.join(str(install_plugin(name)) for name in plugins)
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
