"""A run from start to end, in real worker processes: what is timed, what is not, and what is said of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.intervals import TIE_BAND
from memcached_sessions.bench.levels import QUICK, Measure
from memcached_sessions.bench.passes import Passes
from memcached_sessions.bench.references import reference_infos
from memcached_sessions.bench.result import CaseResult, Result
from memcached_sessions.bench.run import Plan, run
from memcached_sessions.bench.workload import WorkloadInfo, available_workloads
from memcached_sessions.serializers import available_serializers

SHORT = replace(QUICK, passes=Passes(4, samples=1, sample_seconds=0.0005))
PLUGIN = """
import json, os, signal, time
from memcached_sessions.serializers import Capabilities

def is_first():
    # Whether no other process was here before.
    with open({calls!r} + ".pid", "a+") as pids:
        pids.seek(0)
        first = pids.read() or str(os.getpid())
        pids.truncate(0)
        pids.write(first)
    return first == str(os.getpid())

class Plugin:
    name = "{name}"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        with open({calls!r}, "a") as calls:
            calls.write("d")
        {dumps}
        return json.dumps(value).encode()
    def loads(self, data, /):
        {loads}
        return json.loads(data)
"""


def _run(*serializers: str, workloads: tuple[str, ...] = ("login",), **options: object) -> Result:
    installed = available_serializers() | reference_infos()
    chosen = [installed[name] for name in (*serializers, "bare-pickle")]
    found = [available_workloads()[name] for name in workloads]
    plan = Plan(chosen, found, SHORT, "test", measures=(Measure.TIMING,), **options)
    return run(plan, _unseen)


def _unseen(stage: str, done: int, of: int) -> None:
    """Nobody watches."""
    del stage, done, of


@pytest.fixture
def plugin(install, tmp_path: Path):
    """Installs a serializer that does something odd, and returns the file that counts its calls."""

    def make(name: str, dumps: str = "pass", loads: str = "pass") -> Path:
        calls = tmp_path / f"{name}.calls"
        source = PLUGIN.format(name=name, dumps=dumps, loads=loads, calls=str(calls))
        install(f"plugin_{name}", source, f"[memcached_sessions.serializers]\n{name} = plugin_{name}:Plugin\n")
        return calls

    return make


def _row(result: Result, label: str) -> CaseResult:
    (row,) = (case for case in result.cases if case.label == label)
    return row


def test_every_operation_has_a_time_of_each_worker_that_took_it() -> None:
    row = _row(_run("json"), "json")

    for operation in ("dumps", "loads", "round_trip"):
        assert len(row.samples[operation]) == 4
        assert getattr(row.ratio, operation).median > 0
    for operation in ("bare_dumps", "bare_loads", "envelope_dumps", "envelope_loads", "unchanged", "resave"):
        assert len(row.samples[operation]) == 2  # the first pass and the fourth
        assert getattr(row, operation).median > 0
    assert row.envelope_dumps.median > row.dumps.median
    assert row.sessions == 1
    assert row.bytes == row.largest > 0


def test_the_baseline_under_another_name_tells_the_noise_and_is_no_row() -> None:
    result = _run("json")

    (noise,) = result.noise
    assert noise.workload == "login"
    assert {case.label for case in result.cases} == {"json", "bare-pickle"}
    for operation in ("dumps", "loads", "round_trip"):
        distance = max(getattr(noise, operation).median, 1 / getattr(noise, operation).median) - 1
        assert result.tie_band[operation] >= max(TIE_BAND, distance - 1e-3)


def test_a_row_can_be_measured_twice() -> None:
    result = _run("json", twice=("json",))

    assert _row(result, "json-again").bytes == _row(result, "json").bytes


def test_the_baseline_measured_twice_is_a_row_beside_the_one_that_tells_the_noise() -> None:
    result = _run("json", twice=("bare-pickle",))

    assert {case.label for case in result.cases} == {"json", "bare-pickle", "bare-pickle-again"}
    assert len(result.noise) == 1


def test_each_state_of_the_garbage_collector_is_a_row_with_a_baseline_of_its_own() -> None:
    result = _run("json", collectors=(True, False))

    rows = {(case.label, case.gc) for case in result.cases}
    assert rows == {(label, state) for label in ("json", "bare-pickle") for state in ("enabled", "disabled")}
    assert all(case.ratio.dumps for case in result.cases if case.label == "json")


def test_what_is_not_verified_is_never_timed(plugin) -> None:
    calls = plugin("changing", loads="return {}")

    row = _row(_run("changing"), "changing")

    assert (row.verified, row.outcome) == (False, Outcome.UNFAITHFUL)
    assert row.dumps is row.loads is row.round_trip is row.bytes is row.ratio.dumps is None
    assert row.samples == {}
    assert calls.read_text() == "d"


def test_a_serializer_that_ends_its_process_fails_alone(plugin) -> None:
    plugin("crashing", dumps="os.kill(os.getpid(), signal.SIGSEGV)")

    result = _run("crashing", "json")

    assert _row(result, "crashing").outcome is Outcome.FAILED
    assert "SIGSEGV" in _row(result, "crashing").detail
    assert _row(result, "json").dumps is not None


def test_a_serializer_that_ends_a_process_while_it_is_timed_fails_with_the_pass(plugin) -> None:
    plugin("tiring", dumps="is_first() or os.kill(os.getpid(), signal.SIGSEGV)")

    row = _row(_run("tiring"), "tiring")

    assert (row.outcome, row.dumps, row.samples) == (Outcome.FAILED, None, {})
    assert row.detail == "in pass 1, after it was verified: the process ended by SIGSEGV"


def test_a_serializer_that_hangs_is_stopped_and_after_two_workloads_not_tried_any_more(
    plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memcached_sessions.bench.passes.EXAMINATION_SECONDS", 1.0)
    plugin("hanging", loads="time.sleep(600)")

    result = _run("hanging", workloads=("login", "cart-plain", "msm-persons-10"))

    details = [case.detail for case in result.cases if case.label == "hanging"]
    assert details[0] == details[1] == "it was stopped after 1 s"
    assert details[2].startswith("not tried")


def test_a_planted_slowness_is_measured_as_what_it_is(plugin) -> None:
    plugin("slow", dumps="time.sleep(0.005)")

    row = _row(_run("slow"), "slow")

    assert row.verified
    assert 0.005 < row.dumps.low < 0.05
    assert row.ratio.dumps.high < 0.1
    assert row.loads.median < 0.001


def test_a_broken_serializer_and_a_broken_workload_are_part_of_the_result(install) -> None:
    install("plugin_absent", "", "[memcached_sessions.serializers]\nabsent = no_such_module:Absent\n")
    gone = WorkloadInfo("gone", "theirs", "1", broken="it is gone")

    plan = Plan([available_serializers()["absent"]], [gone], SHORT, "test", measures=(Measure.TIMING,))
    result = run(plan, _unseen)

    assert "no_such_module" in result.serializers[0].broken
    assert result.workloads[0].broken == "it is gone"
    assert result.cases == ()


def test_the_times_of_a_population_are_those_of_one_session(install) -> None:
    source = """
from memcached_sessions.bench.workload import Workload
MANY = Workload("many", "", None, lambda: [{"text": "x" * number} for number in range(50)], population=True)
"""
    install("plugin_many", source, "[memcached_sessions.workloads]\nmany = plugin_many:MANY\n")

    row = _row(_run("json", workloads=("many",)), "json")

    sizes = [len('{"text":""}') + number for number in range(50)]
    assert (row.sessions, row.bytes, row.largest) == (50, sum(sizes), max(sizes))
    assert row.dumps.median < 20e-6
