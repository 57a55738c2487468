"""The command of the gate, on results made by hand in place of a run."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.cli import main
from memcached_sessions.bench.commands import gating
from memcached_sessions.bench.intervals import Estimate
from memcached_sessions.bench.levels import Measure
from memcached_sessions.bench.result import CaseResult, Ratios, Result, SerializerFacts, WorkloadFacts
from memcached_sessions.bench.result_file import read_result, write_result
from memcached_sessions.bench.run import Plan

AS_FAST = Estimate(2.0, 1.9, 2.1)
SLOWER = Estimate(1.5, 1.0, 2.0)
"""So that it may be chance."""

SLOWEST = Estimate(1.0, 0.9, 1.1)
"""So that it is no chance."""

Runs = Callable[..., list[Plan]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the baseline is."""
    return tmp_path / "baseline.json"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return a function that says what the next runs find, and returns the plans that they were asked for."""

    def answer(*results: Result) -> list[Plan]:
        plans: list[Plan] = []
        left = list(results)

        def run(plan: Plan) -> Result:
            plans.append(plan)
            return left.pop(0)

        monkeypatch.setattr(gating, "_run", run)
        return plans

    return answer


def _case(label: str, workload: str = "login", gc: str = "enabled", dumps: Estimate | None = AS_FAST) -> CaseResult:
    ratio = Ratios(dumps, dumps, dumps)
    return CaseResult(workload, label, label, {}, Outcome.VERIFIED, verified=True, bytes=100, gc=gc, ratio=ratio)


def _result(result: Result, *cases: CaseResult) -> Result:
    names, workloads = dict.fromkeys(case.label for case in cases), dict.fromkeys(case.workload for case in cases)
    return replace(
        result,
        cases=cases,
        serializers=tuple(SerializerFacts(name, "ours", "1", "", None, variants=(name,)) for name in names),
        workloads=tuple(WorkloadFacts(name, "", None, "ours", "1", None) for name in workloads),
    )


Printed = pytest.CaptureFixture[str]


def test_what_is_named_alone_is_held(result: Result, path: Path, runs: Runs, capsys: Printed) -> None:
    write_result(_result(result, _case("json"), _case("cbor"), _case("json", "wizard")), path)
    plans = runs(_result(result, _case("json")))

    assert main(["gate", str(path), "--serializer", "json", "--workload", "login"]) == 0
    assert capsys.readouterr().out == "as in the baseline: 1 cases, 0 values\n"
    assert [info.name for info in plans[0].workloads] == ["login"]


def test_what_the_baseline_has_is_measured_as_it_was(result: Result, path: Path, runs: Runs) -> None:
    found = _result(result, _case("json"), _case("json", gc="disabled"))
    write_result(found, path)
    plans = runs(found)

    assert main(["gate", str(path)]) == 0
    (plan,) = plans
    assert sorted(info.name for info in plan.serializers) == ["bare-pickle", "json"]
    assert [info.name for info in plan.workloads] == ["login"]
    assert plan.collectors == (True, False)
    assert {Measure.TIMING, Measure.FIDELITY} <= set(plan.measures)


def test_one_state_of_the_collector_alone_is_held(result: Result, path: Path, runs: Runs) -> None:
    write_result(_result(result, _case("json"), _case("json", gc="disabled")), path)
    runs(_result(result, _case("json", gc="disabled")))

    assert main(["gate", str(path), "--gc", "disabled"]) == 0


def test_what_the_baseline_does_not_have_is_an_error(result: Result, path: Path, runs: Runs, capsys: Printed) -> None:
    write_result(_result(result, _case("json")), path)
    plans = runs()

    assert main(["gate", str(path), "--serializer", "cbor"]) == 1
    assert "baseline.json has no case of what is to be held" in capsys.readouterr().err
    assert plans == []


def test_a_serializer_that_is_gone_fails_with_the_reason(
    result: Result, path: Path, runs: Runs, capsys: Printed
) -> None:
    write_result(_result(result, _case("json"), _case("uninstalled")), path)
    runs(_result(result, _case("json")))

    assert main(["gate", str(path)]) == 1
    said = "failed: login, uninstalled: it is in the baseline, and was not measured: the serializer uninstalled is not"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--measure=fidelity", "--twice=json"])
def test_a_part_of_the_measures_or_a_row_twice_cannot_be_held(path: Path, option: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gate", str(path), option])

    assert ended.value.code == 2


def test_a_missing_baseline_says_how_to_write_it(path: Path, capsys: Printed) -> None:
    assert main(["gate", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"session-bench: there is no baseline {path}: write it with session-bench gate {path} --update\n"
    )


def test_a_baseline_of_another_schema_can_be_written_anew(
    result: Result, path: Path, runs: Runs, capsys: Printed
) -> None:
    path.write_text(json.dumps({"schema": 1}))
    found = _result(result, _case("json", dumps=None))
    runs(found)

    assert main(["gate", str(path)]) == 1
    assert f"or write it again with session-bench gate {path} --update" in capsys.readouterr().err
    assert main(["gate", str(path), "--update", "--serializer", "json"]) == 0
    assert "it is written anew, of what is named here" in capsys.readouterr().err
    assert read_result(path) == found


def test_what_a_new_baseline_cannot_hold_is_told(result: Result, path: Path, runs: Runs, capsys: Printed) -> None:
    runs(_result(result, _case("json", dumps=None)))

    assert main(["gate", str(path), "--update"]) == 0
    assert "note: login, json: no ratio to bare-pickle for dumps and loads" in capsys.readouterr().out


def test_a_baseline_of_nothing_is_not_written(result: Result, path: Path, runs: Runs, capsys: Printed) -> None:
    runs(_result(result))

    assert main(["gate", str(path), "--update"]) == 1
    assert "is not written" in capsys.readouterr().err
    assert not path.exists()


def test_what_looks_slower_is_measured_again_and_that_decides(result: Result, path: Path, runs: Runs) -> None:
    write_result(_result(result, _case("json")), path)
    first, slow, fast = (_result(result, _case("json", dumps=ratio)) for ratio in (SLOWER, SLOWEST, AS_FAST))

    runs(first, fast)
    assert main(["gate", str(path)]) == 0
    runs(first, slow)
    assert main(["gate", str(path)]) == 1


def test_a_confirmation_without_ratios_decides_nothing(result: Result, path: Path, runs: Runs) -> None:
    """The baseline of that run failed: what is known stays known."""
    write_result(_result(result, _case("json")), path)
    slowest, nothing = (_result(result, _case("json", dumps=ratio)) for ratio in (SLOWEST, None))

    runs(slowest, nothing)

    assert main(["gate", str(path)]) == 1


def test_a_case_that_fails_when_it_is_confirmed_fails(result: Result, path: Path, runs: Runs, capsys: Printed) -> None:
    write_result(_result(result, _case("json")), path)
    ended = CaseResult("login", "json", "json", {}, Outcome.FAILED, verified=False, detail="signal 11")

    runs(_result(result, _case("json", dumps=SLOWER)), _result(result, ended))

    assert main(["gate", str(path)]) == 1
    assert "failed, not verified: signal 11" in capsys.readouterr().out
