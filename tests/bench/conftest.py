"""A result made by hand, and plug-ins installed for one test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.intervals import Estimate, exactly
from memcached_sessions.bench.result import (
    SCHEMA,
    CaseResult,
    Machine,
    Ratios,
    Result,
    SerializerFacts,
    StoreFacts,
    WorkloadFacts,
)

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
    return CaseResult(
        "cart-objects",
        "msgpack",
        "msgpack",
        {},
        Outcome.VERIFIED,
        verified=True,
        identity=False,
        bytes=2_910,
        dumps=Estimate(21e-6, 20e-6, 22e-6),
        loads=Estimate(11e-6, 10e-6, 12e-6),
        round_trip=Estimate(99e-6, 90e-6, 120e-6),
        bare_dumps=Estimate(3.1e-6, 3.0e-6, 3.2e-6),
        bare_loads=Estimate(10e-6, 9e-6, 11e-6),
        overhead_dumps=Estimate(5.774, 5.5, 6.0),
        overhead_loads=Estimate(0.10, 0.05, 0.15),
        items=93,
        converted=48,
        ratio=Ratios(
            dumps=Estimate(2.0, 1.9, 2.1),
            loads=Estimate(1.05, 0.99, 1.1),
            round_trip=Estimate(0.5, 0.4, 0.6),
            bytes=exactly(1.31),
        ),
    )


@pytest.fixture
def result(verified: CaseResult) -> Result:
    """A result with every kind of row."""
    login = CaseResult(
        "login", "pickle", "bare-pickle", {"unrestricted": True, "level": 2}, Outcome.VERIFIED, verified=True
    )
    return Result(
        schema=SCHEMA,
        created="2026-11-22T11:00:00+00:00",
        command="session-bench",
        duration_s=12.5,
        machine=Machine("A processor", 2, 8 * 2**30, "Linux x86_64", "3.11.7", "CPython"),
        libraries={"msgpack": "1.2.4", "orjson": "3.13.0"},
        confidence=0.99,
        passes=15,
        store=StoreFacts("memcached", "1.6.18"),
        serializers=(
            SerializerFacts("msgpack", "memcached-sessions", "0.1.0", "msgpack 1.2.4", None),
            SerializerFacts("rotten", "rotten-plugin", "0.3", "", "ImportError: no module called librotten"),
        ),
        workloads=(
            WorkloadFacts("login", "after login", 14142, "memcached-sessions", "0.1.0", None),
            WorkloadFacts("cart-objects", "a cart", None, "memcached-sessions", "0.1.0", None),
        ),
        cases=(
            login,
            verified,
            _rejected("json", Outcome.REFUSED, "Money is not registered", "cart.items[3].price"),
            _rejected("lying", Outcome.UNFAITHFUL, "tuple became list", "cart.items[0].size"),
            _rejected("crashing", Outcome.FAILED, "KeyError: 'x'", ""),
        ),
    )


def _rejected(serializer: str, outcome: Outcome, detail: str, path: str) -> CaseResult:
    return CaseResult("cart-objects", serializer, serializer, {}, outcome, verified=False, detail=detail, path=path)
