"""A result made by hand, and plug-ins installed for one test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
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
        metadata = site / f"{name}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / f"{name}.py").write_text(source)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(entry_points)
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
