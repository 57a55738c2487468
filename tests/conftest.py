"""Options of the test run."""

import pytest


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
