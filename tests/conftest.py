"""Options of the test run, and a browser for whoever needs one."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Chromium


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
