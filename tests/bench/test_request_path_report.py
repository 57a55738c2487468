"""Reports and goals of the request path, from a result made by hand; and the file that it is kept in."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from memcached_sessions.bench.intervals import Estimate
from memcached_sessions.bench.request_path.bare_subject import BARE_GET
from memcached_sessions.bench.request_path.django_subject import DJANGO, DJANGO_ADAPTER
from memcached_sessions.bench.request_path.flask_subject import FLASK_ADAPTER, FLASK_ALONE, FLASK_SESSION
from memcached_sessions.bench.request_path.goals import Goal, Verdict, goals
from memcached_sessions.bench.request_path.reading import read_result
from memcached_sessions.bench.request_path.report import markdown_report, terminal_report
from memcached_sessions.bench.request_path.result import (
    SCHEMA,
    CaseResult,
    Cost,
    Group,
    Kind,
    LocalLatency,
    LocalSessions,
    LostUpdates,
    Placement,
    RequestPathResult,
    Traffic,
)
from memcached_sessions.bench.result import Machine, StoreFacts, WorkloadFacts
from memcached_sessions.bench.result_file import ResultFileError, write_result

ONE = Placement("one core", 1, 1)


def ratio(value: float) -> Estimate:
    """Return a ratio with an interval around it."""
    return Estimate(value, value * 0.9, value * 1.1)


def cost(kind: Kind, microseconds: float, **ratios: float) -> Cost:
    """Return the costs of a kind of request that takes some time."""
    seconds = microseconds / 1e6
    found = {name: ratio(value) for name, value in ratios.items()}
    return Cost(
        placement=ONE.name,
        kind=kind,
        requests=256,
        minimum=seconds * 0.8,
        latency=ratio(seconds),
        paced=ratio(seconds * 3),
        client_cpu=ratio(seconds * 1.2),
        server_cpu=None,
        by_bare_get=found.get("by_bare_get"),
        by_django=found.get("by_django"),
        by_cheapest_peer=found.get("by_cheapest_peer"),
        by_counterpart=found.get("by_counterpart"),
    )


def traffic(kind: Kind, gets: float, sets: float) -> Traffic:
    """Return the traffic of a kind of request."""
    return Traffic(kind, 256, gets, sets, 0.0, 0.0, 57.0, 1_234.5, 0.0)


def row(label: str, group: Group, *costs: Cost, **more: Any) -> CaseResult:
    """Return a row of the workload login."""
    given = {"about": "", "variant": "", "serializer": "", "skipped": None, **more}
    return CaseResult(workload="login", label=label, group=group, costs=costs, **given)


def local_latency(
    sessions: int, visited: int, microseconds: float, *, by_fewest: Estimate | None = None, collector: bool = False
) -> LocalLatency:
    """Return the latency of reads in a process with some sessions."""
    seconds = microseconds / 1e6
    return LocalLatency(
        sessions=sessions,
        visited=visited,
        kind=Kind.READ,
        collector=collector,
        minimum=seconds * 0.9,
        latency=ratio(seconds),
        maximum=seconds * 2,
        client_cpu=ratio(seconds),
        by_fewest=by_fewest,
    )


@pytest.fixture
def result() -> RequestPathResult:
    """A result with every kind of row."""
    return RequestPathResult(
        schema=SCHEMA,
        kind="request-path",
        created="2026-11-22T11:00:00+00:00",
        command="session-bench request-path",
        duration_s=12.5,
        machine=Machine("A processor", 2, 8 * 2**30, "Linux x86_64", "3.11.7", "CPython"),
        libraries={"pymemcache": "4.0.0"},
        compact="compiled",
        passes=15,
        store=StoreFacts("memcached", "1.6.18"),
        placements=(ONE,),
        remarks=("there is only one core: no figures for two",),
        workloads=(WorkloadFacts("login", "after login", 14142, "memcached-sessions", "0.1.0", None),),
        cases=(
            row(BARE_GET, Group.BARE, cost(Kind.READ, 27), about="no decoding"),
            row(
                "manager, synchronous, compact",
                Group.MANAGER,
                cost(Kind.READ, 8.1, by_bare_get=0.3, by_django=0.11),
                variant="synchronous",
                serializer="compact",
                traffic=(traffic(Kind.READ, 0, 0), traffic(Kind.CHANGE, 0, 1)),
                lost_updates=(LostUpdates(0.0, 400, (0, 0)), LostUpdates(0.001, 400, (0, 0))),
            ),
            row(
                "manager, all attributes read, compact",
                Group.MANAGER,
                cost(Kind.READ, 10.8, by_bare_get=0.4, by_django=0.13),
                variant="all attributes read",
                serializer="compact",
            ),
            row(
                "manager, asynchronous, compact",
                Group.MANAGER,
                cost(Kind.CHANGE, 9.2, by_cheapest_peer=0.07),
                variant="asynchronous",
                serializer="compact",
                traffic=(traffic(Kind.CHANGE, 0, 1.2),),
            ),
            row(DJANGO, Group.PEER, cost(Kind.READ, 78), cost(Kind.CHANGE, 253)),
            row(
                FLASK_SESSION,
                Group.PEER,
                cost(Kind.READ, 130),
                cost(Kind.CHANGE, 126),
                traffic=(traffic(Kind.CHANGE, 1, 1),),
            ),
            row(
                FLASK_ADAPTER,
                Group.ADAPTER,
                cost(Kind.READ, 21, by_counterpart=0.16),
                cost(Kind.CHANGE, 150, by_counterpart=1.19),
                counterpart=FLASK_SESSION,
                framework=FLASK_ALONE,
            ),
            row(FLASK_ALONE, Group.FRAMEWORK, cost(Kind.READ, 13.7)),
            row(
                DJANGO_ADAPTER,
                Group.ADAPTER,
                cost(Kind.READ, 25, by_counterpart=0.32),
                counterpart=DJANGO,
                framework="Django alone, sessions in a dict",
            ),
            row("Beaker", Group.PEER, skipped="not installed"),
        ),
        local=(
            LocalSessions(
                "login",
                "compact",
                100_000,
                1_000.0,
                450.0,
                2_500.0,
                45,
                (
                    local_latency(100, 100, 7.5),
                    local_latency(100_000, 100, 7.8, by_fewest=Estimate(1.04, 1.01, 1.07)),
                    local_latency(100_000, 100_000, 9.5),
                    local_latency(100_000, 100, 8.5, by_fewest=Estimate(1.13, 1.0, 1.3), collector=True),
                ),
            ),
        ),
    )


def test_a_result_comes_back_from_its_file_as_it_was(result: RequestPathResult, tmp_path: Path) -> None:
    """So every report can be made again."""
    write_result(result, tmp_path / "result.json")

    assert read_result(tmp_path / "result.json") == result


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "other"}, "is no result of session-bench request-path"),
        ({"schema": 99}, f"has schema 99 and this version reads {SCHEMA}"),
        ({"passes": "many"}, "result.passes should be of type int"),
        ({"cases": [{}]}, r"result.cases\[0\].workload is missing"),
    ],
)
def test_a_file_of_another_kind_or_version_is_refused(
    result: RequestPathResult, tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    """With its name, what is wrong and what to do."""
    file = tmp_path / "result.json"
    file.write_text(json.dumps(asdict(result) | change))

    with pytest.raises(ResultFileError, match=complaint) as caught:
        read_result(file)
    assert str(file) in str(caught.value)
    assert "request-path --output" in str(caught.value)


def test_goals_are_judged_by_the_ratios_and_counts_of_the_right_rows(result: RequestPathResult) -> None:
    """The synchronous manager reads, the asynchronous one changes, and the cheapest peer is the faster one."""
    found = {goal.text: (goal.found and goal.found.median, goal.verdict) for goal in goals(result)}

    assert found == {
        "read of one string / Django's cache engine": (0.11, Verdict.MET),
        "read of one string / bare get": (0.3, Verdict.MET),
        "read of all attributes / Django's cache engine": (0.13, Verdict.UNDECIDED),
        "read of all attributes / bare get": (0.4, Verdict.MISSED),
        "read of one string, Flask adapter, synchronous / Flask-Session": (0.16, Verdict.MET),
        "read of one string, Django adapter / Django cache engine": (0.32, Verdict.UNDECIDED),
        "change with asynchronous backup / cheapest peer (Flask-Session)": (0.07, Verdict.MET),
        "commands of a read, synchronous backup": (0, Verdict.MET),
        "commands of a change, synchronous backup": (1, Verdict.MET),
        "commands of a read, asynchronous backup": (None, Verdict.NOT_MEASURED),
        "commands of a change, asynchronous backup": (1.2, Verdict.MISSED),
        "read of 100 of 100,000 local sessions / of all of 100": (1.04, Verdict.MET),
        "bytes of a session beyond its attributes and last bytes, 100,000 sessions": (1_050, Verdict.MISSED),
    }


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.1, 0.5, Verdict.MET),
        (0.3, 0.51, Verdict.UNDECIDED),
        (0.5, 0.6, Verdict.UNDECIDED),
        (0.51, 0.6, Verdict.MISSED),
    ],
)
def test_a_verdict_takes_the_whole_interval(low: float, high: float, verdict: Verdict) -> None:
    """The median alone may be on the right side by chance."""
    assert Goal("login", "read", 0.5, Estimate((low + high) / 2, low, high)).verdict is verdict
    assert Goal("login", "read", 0.5, Estimate((low + high) / 2, low, high), busy=True).verdict is Verdict.BUSY


def test_a_goal_that_cannot_be_judged_says_why(result: RequestPathResult) -> None:
    """The reason of the row that is missing, or that there is none."""
    skipped = [
        replace(case, costs=(), skipped="not installed") if case.label in (DJANGO, "Flask-Session") else case
        for case in result.cases
        if case.variant != "asynchronous"
    ]

    found = {goal.text: goal.missing for goal in goals(replace(result, cases=tuple(skipped), local=())) if goal.missing}

    assert found == {
        "read of one string / Django's cache engine": f"{DJANGO}: not installed",
        "read of all attributes / Django's cache engine": f"{DJANGO}: not installed",
        "read of one string, Flask adapter, synchronous / Flask-Session": "Flask-Session: not installed",
        "read of one string, Django adapter / Django cache engine": f"{DJANGO}: not installed",
        "change with asynchronous backup / cheapest peer": "no row manager, asynchronous, compact",
        "commands of a read, asynchronous backup": "no row manager, asynchronous, compact",
        "commands of a change, asynchronous backup": "no row manager, asynchronous, compact",
        "latency in a process with many sessions / with few": "only with --local-sessions or --everything",
        "bytes of a session beyond its attributes and last bytes": "only with --local-sessions or --everything",
    }
    text = terminal_report(replace(result, cases=tuple(skipped)))
    assert f"not measured: {DJANGO}: not installed" in text


def test_the_best_batches_are_compared_too(result: RequestPathResult) -> None:
    """They tell a slow manager from a busy machine."""
    best = {goal.text: goal.best for goal in goals(result)}

    assert best["read of one string / bare get"] == pytest.approx(8.1 / 27)
    assert best["change with asynchronous backup / cheapest peer (Flask-Session)"] == pytest.approx(9.2 / 126)


def test_an_adapter_is_shown_beside_its_counterpart_and_the_framework_alone(result: RequestPathResult) -> None:
    """For a read and a change: the framework, the adapter, the counterpart, the ratio; what is missing is a dash."""
    report = terminal_report(result)
    _, _, table = report.partition("login: adapters beside what they take the place of, one core\n")
    lines = table.partition("\n\n")[0].splitlines()
    rows = {cells[0]: cells[1:] for cells in (re.split(r"  +", line) for line in lines)}

    comparison = ["13.7", "21.0", "130", "0.16 (0.14-0.18)", "-", "150", "126", "1.19 (1.07-1.31)", FLASK_SESSION]
    assert rows[FLASK_ADAPTER] == comparison
    assert rows[DJANGO_ADAPTER] == ["-", "25.0", "78.0", "0.32 (0.29-0.35)", "-", "-", "253", "-", DJANGO]


def test_without_rows_no_goal_of_requests_is_judged(result: RequestPathResult) -> None:
    """A run that measures many local sessions has no rows, and says of each of these goals that it was not measured."""
    found = goals(replace(result, cases=()))

    judged = [goal.limit for goal in found if goal.verdict is not Verdict.NOT_MEASURED]
    assert judged == [1.15, 1_024]
    assert {goal.missing for goal in found if goal.found is None} == {"only without --local-sessions"}


def test_both_layouts_have_the_same_figures(result: RequestPathResult) -> None:
    """Latency, ratios, commands, bytes and losses, each where the result has them."""
    for text in (terminal_report(result), markdown_report(result)):
        for figure in (
            "6.48 / 8.10",  # best and median
            "0.30 (0.27-0.33)",
            "0.11 (0.10-0.12)",
            "0.07 (0.06-0.08)",
            "24.3",  # paced
            "9.72",  # processor time
            "1.20 set",
            "57 / 1,234",
            "0-0",
            "1,050",
            "6.75 / 7.50 / 15.0",
            "1.04 (1.01-1.07)",
            "1.13 (1.00-1.30)",
            "there is only one core: no figures for two",
            "A processor, 2 cores, 8 GiB",
            "not installed",
        ):
            assert figure in text, figure


def test_a_skipped_row_shows_its_reason_in_place_of_figures(result: RequestPathResult) -> None:
    """And nothing that looks like a speed."""
    lines = [line for line in terminal_report(result).splitlines() if line.startswith("Beaker")]

    assert len(lines) == 3  # latency, processor time, traffic
    assert all(line.split(maxsplit=1)[1] == "not installed" for line in lines)


def test_compact_in_python_is_said_first(result: RequestPathResult) -> None:
    """Its figures are not those that anybody should compare."""
    first = terminal_report(replace(result, compact="python")).splitlines()[0]

    assert first == "compact: python, not compiled: figures not comparable"


def test_a_busy_machine_is_said_first(result: RequestPathResult) -> None:
    """A request that waits for nobody and takes longer than its processor time was kept waiting by other programs."""
    idle = cost(Kind.NOT_LOOKED_AT, 8.0)
    busy = replace(idle, latency=ratio(30e-6))
    quiet, disturbed = (
        replace(result, cases=(*result.cases, row("manager", Group.MANAGER, each), row("Beaker", Group.PEER, busy)))
        for each in (idle, busy)
    )

    assert "busy" not in terminal_report(quiet)
    assert terminal_report(disturbed).startswith("the machine was busy: requests that wait for nobody took 3.1 times")
    assert {goal.verdict for goal in goals(disturbed)} == {Verdict.BUSY, Verdict.NOT_MEASURED}


def test_reads_of_local_sessions_tell_a_busy_machine_too(result: RequestPathResult) -> None:
    """A run of them alone has no other requests."""
    (local,) = result.local
    waiting = tuple(replace(each, client_cpu=ratio(each.latency.median / 2)) for each in local.latencies)
    disturbed = replace(result, cases=(), local=(replace(local, latencies=waiting),))

    assert terminal_report(disturbed).startswith("the machine was busy: requests that wait for nobody took 2.0 times")
