"""Who is faster than whom, and when two results contradict each other."""

from dataclasses import replace
from pathlib import Path

import pytest

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.cli import main
from memcached_sessions.bench.ranking import agreement, pair_ratio, pairs
from memcached_sessions.bench.result import CaseResult, Result
from memcached_sessions.bench.result_file import write_result

STEADY = tuple(1.0 + number / 1000 for number in range(21))


def _row(label: str, factor: float, *, gc: str = "enabled", workload: str = "cart") -> CaseResult:
    times = tuple(factor * time for time in STEADY)
    samples = {"dumps": times, "loads": times}
    return CaseResult(workload, label, label, {}, Outcome.VERIFIED, verified=True, gc=gc, samples=samples)


def _result(result: Result, *rows: CaseResult) -> Result:
    return replace(result, cases=rows, tie_band={"dumps": 0.03, "loads": 0.1})


def test_a_ratio_is_taken_pass_by_pass() -> None:
    """What slows a whole pass down slows both, and is not in the ratio."""
    ratio = pair_ratio(_row("fast", 1.0), _row("slow", 2.0), "dumps", 0.99)

    assert (ratio.low, ratio.median, ratio.high) == pytest.approx((2, 2, 2))


def test_cases_without_common_times_have_no_ratio() -> None:
    fewer = replace(_row("few", 1.0), samples={"dumps": STEADY[:5]})

    assert pair_ratio(_row("all", 1.0), fewer, "dumps", 0.99) is None
    assert pair_ratio(_row("all", 1.0), _row("other", 1.0), "round_trip", 0.99) is None


def test_a_pair_has_an_order_only_beyond_the_noise(result: Result) -> None:
    found = {pair.operation: pair for pair in pairs(_result(result, _row("a", 1.0), _row("b", 1.05)))}

    assert found["dumps"].faster == "a"
    assert found["loads"].faster is None  # its band is 10 %


def test_only_cases_of_one_table_are_pairs(result: Result) -> None:
    rows = (_row("a", 1.0), _row("b", 2.0, gc="disabled"), _row("c", 2.0, workload="login"))
    broken = replace(_row("d", 3.0), verified=False)

    assert list(pairs(_result(result, *rows, broken))) == []


def test_results_agree_are_undecided_or_contradict_each_other(result: Result) -> None:
    one = _result(result, _row("a", 1.0), _row("b", 1.5), _row("c", 3.0))
    other = _result(result, _row("a", 1.0), _row("b", 0.5), _row("c", 1.01))

    found = agreement(one, other)

    # Of each operation: a and b are in opposite orders; a and c are a tie in the other; b and c are as before.
    assert (found.same, found.undecided, len(found.contradictions)) == (2, 2, 2)
    assert {(first.one, first.other) for first, _ in found.contradictions} == {("a", "b")}


@pytest.mark.parametrize(("factor", "status", "said"), [(1.6, 0, "0 in opposite orders"), (0.5, 1, "2 in opposite")])
def test_the_command_says_so_with_its_status(
    result: Result, tmp_path: Path, capsys: pytest.CaptureFixture[str], factor: float, status: int, said: str
) -> None:
    write_result(_result(result, _row("a", 1.0), _row("b", 1.5)), tmp_path / "one.json")
    write_result(_result(result, _row("a", 1.0), _row("b", factor)), tmp_path / "other.json")

    assert main(["compare", str(tmp_path / "one.json"), str(tmp_path / "other.json")]) == status
    assert said in capsys.readouterr().out


def test_results_that_have_nothing_in_common_cannot_be_compared(
    result: Result, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the times of single passes are missing, as in the baseline of a gate."""
    timed = _result(result, _row("a", 1.0), _row("b", 1.5))
    write_result(timed, tmp_path / "one.json")
    others = (
        _result(result, _row("c", 1.0), _row("d", 1.5)),
        replace(timed, cases=tuple(replace(case, samples={}) for case in timed.cases)),
    )

    for other in others:
        write_result(other, tmp_path / "other.json")
        with pytest.raises(SystemExit) as ended:
            main(["compare", str(tmp_path / "one.json"), str(tmp_path / "other.json")])
        assert ended.value.code == 2
        assert "have no pair of timed serializers in common" in capsys.readouterr().err
