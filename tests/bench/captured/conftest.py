"""A memcached for one test, no settings but those of a test, and a shop with a converter."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from memcached_process import MemcachedProcess

START = Callable[..., MemcachedProcess]

SHOP = """
from memcached_sessions.bench.errand import workload_named

class Tree:
    def __init__(self, name):
        self.name = name

def register_converters(registry):
    registry.register(Tree, tag="shop.Tree")

def names_of_captured_trees():
    return [session["tree"].name for session in workload_named("captured").sessions()]
"""


@pytest.fixture
def start() -> Iterator[START]:
    """Return what starts a memcached for this test."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(MemcachedProcess(*arguments))


@pytest.fixture(autouse=True)
def no_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from where a test puts them."""
    for name in [name for name in os.environ if name.startswith("MEMCACHED_SESSIONS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the converters of a shop, which other processes can import too."""
    (tmp_path / "captured_shop.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "captured_shop:register_converters"
