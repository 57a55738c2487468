"""The gate: the same passes, one byte more or a slower call does not, and neither does what is unfaithful now."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.gate import doubtful, failures, notes
from memcached_sessions.bench.intervals import Estimate
from memcached_sessions.bench.result import CaseResult, Fate, FidelityCell, Ratios, Result, SerializerFacts

# Its time is that of so many calls of json, so slower by 30 % is 26 calls and not 20.
PLUGIN = """
import json
from memcached_sessions.serializers import Capabilities

class Repeating:
    name = "repeating"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        for _ in range({dumps}):
            data = json.dumps(value).encode()
        return data + b" " * {more}
    def loads(self, data, /):
        for _ in range({loads}):
            value = json.loads(data)
        return value
"""


FEW = ("--passes", "11")


@pytest.fixture
def one_case(result: Result) -> Result:
    """A result of one case of ours, and one of a library alone."""
    ours = CaseResult(
        "cart",
        "json",
        "json",
        {},
        Outcome.VERIFIED,
        verified=True,
        identity=True,
        bytes=1000,
        ratio=Ratios(Estimate(2.0, 1.9, 2.1), Estimate(1.0, 0.9, 1.1), Estimate(1.0, 0.5, 1.5)),
    )
    bare = replace(ours, serializer="bare-json", label="bare-json")
    facts = (
        SerializerFacts("json", "ours", "1", "", None, variants=("json",)),
        SerializerFacts("bare-json", "theirs", "1", "", None, variants=("bare-json",), reference=True),
    )
    kept = FidelityCell("json", "tuple", "containers", Fate.IDENTICAL)
    return replace(result, serializers=facts, cases=(ours, bare), fidelity=(kept,))


def _changed(result: Result, label: str = "json", **changes: object) -> Result:
    cases = tuple(replace(case, **changes) if case.label == label else case for case in result.cases)
    return replace(result, cases=cases)


def test_a_result_passes_its_own_gate(one_case: Result) -> None:
    assert failures(one_case, one_case) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bytes": 1001}, "cart, json: 1,001 bytes, not 1,000"),
        ({"bytes": 999}, "cart, json: 999 bytes, not 1,000"),
        ({"identity": False}, "come back as copies"),
        ({"outcome": Outcome.UNFAITHFUL, "verified": False, "detail": "tuple became list"}, "tuple became list"),
        ({"ratio": Ratios(Estimate(1.6, 1.5, 1.7))}, "dumps takes 25% more, 15% is allowed"),
        ({"ratio": Ratios(loads=Estimate(0.7, 0.6, 0.8))}, "loads takes 43% more"),
    ],
)
def test_what_is_not_as_it_was_fails(one_case: Result, changes: dict[str, object], said: str) -> None:
    (failure,) = failures(one_case, _changed(one_case, **changes))

    assert said in str(failure)


def test_what_looks_slower_is_doubtful_whatever_its_interval(one_case: Result) -> None:
    assert doubtful(one_case, _changed(one_case, ratio=Ratios(Estimate(1.6, 1.0, 2.2)))) == {("cart", "json")}
    assert doubtful(one_case, _changed(one_case, ratio=Ratios(Estimate(1.8, 1.0, 2.2)))) == set()


@pytest.mark.parametrize(
    "ratio",
    [
        Ratios(Estimate(1.6, 1.5, 1.75)),  # the interval reaches what is allowed
        Ratios(Estimate(1.8, 1.78, 1.82)),  # 11 % slower
        Ratios(Estimate(9.0, 8.0, 10.0)),  # faster
        Ratios(round_trip=Estimate(0.1, 0.1, 0.1)),
        Ratios(),
    ],
)
def test_chance_and_what_is_allowed_pass(one_case: Result, ratio: Ratios) -> None:
    assert failures(one_case, _changed(one_case, ratio=ratio)) == []


def test_what_a_library_alone_does_is_not_ours(one_case: Result) -> None:
    assert failures(one_case, _changed(one_case, "bare-json", bytes=1, ratio=Ratios(Estimate(0.1, 0.1, 0.1)))) == []


def test_a_case_that_is_gone_fails_and_a_new_one_is_a_note(one_case: Result) -> None:
    fewer = replace(one_case, cases=())

    assert "was not measured" in str(failures(one_case, fewer)[0])
    assert "cart, json: not in the baseline" in notes(fewer, one_case)


@pytest.mark.parametrize("fate", [Fate.EQUAL, Fate.REFUSED, Fate.CHANGED_TYPE])
def test_a_value_that_is_kept_less_well_fails_and_one_kept_better_passes(one_case: Result, fate: Fate) -> None:
    worse = replace(one_case, fidelity=(FidelityCell("json", "tuple", "containers", fate),))

    assert str(failures(one_case, worse)[0]).startswith("fidelity, json, tuple: ")
    assert failures(worse, one_case) == []


def test_another_machine_or_library_is_told(one_case: Result) -> None:
    moved = replace(
        one_case, machine=replace(one_case.machine, cpu="Another"), libraries={**one_case.libraries, "orjson": "99"}
    )

    told = notes(one_case, moved)

    assert any("another processor" in line for line in told)
    assert any(line.startswith("orjson 99") for line in told)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory):
    """Installs the repeating serializer, anew as often as asked, and returns a function that runs the gate."""
    folder = tmp_path_factory.mktemp("gate")
    site = folder / "site"
    metadata = site / "repeating-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: repeating\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[memcached_sessions.serializers]\nrepeating = repeating_plugin:Repeating\n"
    )

    def gate(*arguments: str, dumps: int = 20, loads: int = 20, more: int = 0) -> subprocess.CompletedProcess[str]:
        (site / "repeating_plugin.py").write_text(PLUGIN.format(dumps=dumps, loads=loads, more=more))
        command = [sys.executable, "-B", "-m", "memcached_sessions.bench", "gate", str(folder / "baseline.json"), *FEW]
        environment = os.environ | {"PYTHONPATH": str(site)}
        return subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)

    written = gate("--update", "--serializer", "repeating", "--workload", "login")
    assert written.returncode == 0, written.stdout + written.stderr
    return gate


def test_the_gate_passes_when_nothing_changed(plugin) -> None:
    done = plugin()

    assert done.returncode == 0, done.stdout
    assert "as in the baseline: " in done.stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [({"dumps": 26}, "dumps takes "), ({"loads": 26}, "loads takes "), ({"more": 1}, "490 bytes, not 489")],
    ids=["dumps slower by 30 %", "loads slower by 30 %", "one byte more"],
)
def test_the_gate_fails_with_a_planted_change(plugin, change: dict[str, int], said: str) -> None:
    done = plugin(**change)

    assert done.returncode == 1, done.stdout
    assert f"failed: login, repeating: {said}" in done.stdout
    assert "--update" in done.stdout


def test_a_baseline_that_is_not_there_is_an_error_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "memcached_sessions.bench", "gate", str(tmp_path / "gone.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "gone.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1
