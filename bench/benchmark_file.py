"""Reads the JSON file of pytest-benchmark, ``pytest --pyargs memcached_sessions.bench --benchmark-json=FILE``.

Rows of the comparison become a `Result`, which every report can show. Rows of other benchmarks become one too: their
group stands in place of the workload, their name in place of the serializer (their full name, with the file, where a
name is there twice), and their time in that of dumps. The times are medians, with the quartiles of the rounds where
other results have intervals. Invariants: what is no such file, or lacks what is needed, is an error with its place;
what is read could have been written by `write_result`; no row takes the place of another.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from .case import Outcome
from .intervals import Estimate, exactly
from .operations import RANKED, Operation
from .result import BASELINE, SCHEMA, CaseResult, Machine, Ratios, Result, SerializerFacts, StoreFacts, WorkloadFacts
from .result_file import ResultFileError, checked, read_result

_METHOD = (
    "Times are medians of the rounds of pytest-benchmark {version} in one process, one case after the other; in "
    "brackets their quartiles, which are no intervals of the median. Ratios are of medians, in brackets of opposite "
    "quartiles."
)

_OURS = frozenset({"workload", "serializer", "label", "operation"})
"""What a row of the comparison says of itself."""


class _Row(NamedTuple):
    """A row of the file, and what of it stands where in a result."""

    workload: str
    serializer: str
    label: str
    operation: str
    facts: Mapping[str, Any]
    stats: Mapping[str, Any]


def read_any(path: Path) -> Result:
    """Read a result of ours or a file of pytest-benchmark.

    Raises
    ------
    OSError
        The file cannot be read.
    ResultFileError
        It is neither.
    """
    return read_benchmark_file(path) if _is_benchmark_file(_read(path)) else read_result(path)


def read_benchmark_file(path: Path) -> Result:
    """Read a file of pytest-benchmark.

    Raises
    ------
    OSError
        The file cannot be read.
    ResultFileError
        It is no file of pytest-benchmark, lacks a field, or has a time or a number of sessions that cannot be one.
    """
    data = _read(path)
    if not _is_benchmark_file(data):
        raise ResultFileError(f"{path} is no file of pytest-benchmark: write it with --benchmark-json")
    try:
        return checked(_result(cast("dict[str, Any]", data)))
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ResultFileError(f"{path} is damaged ({what}): write it again with --benchmark-json") from error


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ResultFileError(f"{path} is no JSON ({error}): write it again") from error


def _is_benchmark_file(data: object) -> bool:
    return isinstance(data, dict) and {"benchmarks", "machine_info"} <= set(cast("dict[str, object]", data))


def _result(data: Mapping[str, Any]) -> Result:
    rows = _rows(data["benchmarks"])
    cases = _cases(rows)
    serializers: dict[str, SerializerFacts] = {}
    for row in rows:
        facts = _serializer(row)
        known = serializers.setdefault(facts.name, facts)
        labels = dict.fromkeys((*known.variants, *facts.variants))
        serializers[facts.name] = replace(known, variants=tuple(labels))
    return Result(
        schema=SCHEMA,
        created=data["datetime"],
        command="pytest --benchmark-json",
        duration_s=round(sum(row.stats["total"] for row in rows), 3),
        machine=_machine(data["machine_info"]),
        libraries={each.distribution: each.version for each in serializers.values() if each.version},
        passes=1,
        confidence=0.0,
        store=StoreFacts("memcached", ""),
        serializers=tuple(serializers.values()),
        workloads=tuple(_workload(name) for name in dict.fromkeys(case.workload for case in cases)),
        cases=cases,
        method=_METHOD.format(version=data["version"]),
    )


def _rows(found: Iterable[Mapping[str, Any]]) -> list[_Row]:
    rows = list(found)
    names = Counter((row["group"], row["name"]) for row in rows)
    return [_row(row, row["fullname" if names[row["group"], row["name"]] > 1 else "name"]) for row in rows]


def _row(row: Mapping[str, Any], name: str) -> _Row:
    facts: Mapping[str, Any] = row["extra_info"]
    if set(facts) >= _OURS:
        place = facts["workload"], facts["serializer"], facts["label"], Operation(facts["operation"]).value
    else:
        place = row["group"] or "benchmarks", name, name, Operation.DUMPS.value
    return _Row(*place, facts, row["stats"])


def _cases(rows: Iterable[_Row]) -> tuple[CaseResult, ...]:
    cases: dict[tuple[str, str], CaseResult] = {}
    for row in rows:
        key = row.workload, row.label
        case = cases.get(key) or _case(row)
        if getattr(case, row.operation) is not None:
            raise ValueError(f"two rows are {row.workload}, {row.label} {row.operation}")
        times: dict[str, Any] = {row.operation: _time(row, case.sessions)}
        cases[key] = replace(case, **times)
    return tuple(replace(case, ratio=_ratios(case, cases.get((case.workload, BASELINE)))) for case in cases.values())


def _time(row: _Row, sessions: int) -> Estimate:
    if type(sessions) is not int or sessions < 1:
        raise ValueError(f"{row.workload}, {row.label} has {sessions!r} sessions")
    time = Estimate(*(row.stats[name] / sessions for name in ("median", "q1", "q3")))
    if min(time.low, time.median, time.high) < 0:
        raise ValueError(f"{row.workload}, {row.label} {row.operation} took less than no time")
    return time


def _case(row: _Row) -> CaseResult:
    facts = row.facts
    return CaseResult(
        row.workload,
        row.serializer,
        row.label,
        {},
        Outcome.VERIFIED,
        verified=True,
        gc=facts.get("gc", "enabled"),
        identity=facts.get("identity"),
        sessions=facts.get("sessions", 1),
        bytes=facts.get("payload_bytes"),
        largest=facts.get("largest_bytes"),
    )


def _serializer(row: _Row) -> SerializerFacts:
    facts, name = row.facts, row.serializer
    distribution, version = facts.get("distribution", ""), facts.get("version", "")
    reference = name.startswith("bare-") or not distribution
    implementation = facts.get("implementation", "")
    return SerializerFacts(
        name, distribution, version, implementation, None, variants=(row.label,), reference=reference
    )


def _workload(name: str) -> WorkloadFacts:
    return WorkloadFacts(name, "timed by pytest-benchmark", None, "", "", None)


def _ratios(case: CaseResult, baseline: CaseResult | None) -> Ratios:
    if baseline is None:
        return Ratios()
    times: dict[str, Any] = {name.value: _ratio(getattr(baseline, name), getattr(case, name)) for name in RANKED}
    size = exactly(case.bytes / baseline.bytes) if case.bytes and baseline.bytes else None
    return Ratios(**times, bytes=size)


def _ratio(base: Estimate | None, mine: Estimate | None) -> Estimate | None:
    if not base or not mine or not min(mine.low, mine.median, mine.high):
        return None  # no ratio to a time that the clock could not see
    return Estimate(base.median / mine.median, base.low / mine.high, base.high / mine.low)


def _machine(info: Mapping[str, Any]) -> Machine:
    cpu: Mapping[str, Any] = info.get("cpu") or {}
    return Machine(
        cpu=cpu.get("brand_raw", "unknown"),
        cores=cpu.get("count", 0),
        memory=0,
        platform=f"{info['system']} {info['machine']}",
        python=info["python_version"],
        implementation=info["python_implementation"],
    )
