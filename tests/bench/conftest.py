"""A result made by hand, and plug-ins installed for one test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from laid_distribution import lay_distribution
from made_result import full_result, small_result, verified_row

from memcached_sessions.bench.result import CaseResult, Result

Install = Callable[[str, str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a distribution of one module with entry points, as pip would leave it."""
    names: list[str] = []

    def install_module(name: str, source: str, entry_points: str) -> None:
        names.append(name)
        site = tmp_path / f"site-{name}"
        lay_distribution(site, name, entry_points)
        (site / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(site)

    yield install_module
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def verified() -> CaseResult:
    """A verified row with all figures."""
    return verified_row()


@pytest.fixture
def result() -> Result:
    """A result with every kind of row."""
    return small_result()


@pytest.fixture(scope="session")
def full() -> Result:
    """A result in which every measure has figures."""
    return full_result()
