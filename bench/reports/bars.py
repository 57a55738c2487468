"""The charts of bars with intervals: times of a workload, requests per second, compression, and start-up.

Invariant: bars begin at 0, and each that was measured has the interval of its median.
"""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from ..intervals import Estimate
from ..result import BASELINE, CaseResult, Result
from .figures import microseconds
from .reading import collector, row_name, rows
from .vega import Spec

WIDTH = 420
"""Of the bars, in pixels."""

FAR = 8
"""How many times as long as the baseline a row may take and still have bars; one that takes longer would leave the
others no room, and is named under the title, with its figures."""

_COLORS = ("#1a73c7", "#b7791f", "#5f8f4e", "#8e5aa8", "#8a8a8a")

Bar = Mapping[str, Any]


def times(result: Result, workload: str) -> Spec | None:
    """Return the times of dumps and loads of each row of a workload; None if there are none."""
    found = [case for case in rows(result, workload) if case.gc == collector(result) and (case.dumps or case.loads)]
    longest = FAR * next((_longer(case) for case in found if case.label == BASELINE), float("inf"))
    bars = [
        _bar(row_name(result, case), operation, time, 1e6)
        for case in found
        if _longer(case) <= longest
        for operation, time in (("dumps", case.dumps), ("loads", case.loads))
        if time
    ]
    far = [
        f"{row_name(result, case)} ({microseconds(case.dumps)} and {microseconds(case.loads)} µs)"
        for case in found
        if _longer(case) > longest
    ]
    return _chart(f"{workload}: dumps and loads", "µs", bars, f"longer: {', '.join(far)}" if far else "")


def compression(result: Result, workload: str) -> Spec | None:
    """Return the size of each row, plain and with each compressor; None if nothing was compressed."""
    found = [case for case in rows(result, workload) if case.compressed and case.bytes and case.gc == collector(result)]
    bars: list[Bar] = []
    for case in found:
        sizes = [("plain", case.bytes or 0), *((each.compressor, each.bytes) for each in case.compressed)]
        bars += [{"name": row_name(result, case), "what": what, "median": size / case.sessions} for what, size in sizes]
    return _chart(f"{workload}: compressed", "bytes of a session", bars)


def throughput(result: Result, workload: str) -> Spec | None:
    """Return the requests per second through memcached of each row; None if none were measured."""
    bars = [
        _bar(each.label, f"{each.mode}, {each.concurrency} at once", each.throughput, 1)
        for each in result.end_to_end
        if each.workload == workload and not each.detail
    ]
    return _chart(f"{workload}: end to end", "requests per second", bars)


def startup(result: Result) -> Spec | None:
    """Return how long each serializer takes until it is there; None if that was not measured."""
    bars = [_bar(each.label, "imported", each.imported, 1e3) for each in result.startups if not each.detail]
    return _chart("Start-up: until a serializer is imported and made", "ms", bars)


def _longer(case: CaseResult) -> float:
    return max(time.median for time in (case.dumps, case.loads) if time)


def _bar(name: str, what: str, estimate: Estimate, factor: float) -> Bar:
    return {
        "name": name,
        "what": what,
        "median": estimate.median * factor,
        "low": estimate.low * factor,
        "high": estimate.high * factor,
    }


def _chart(title: str, unit: str, bars: Sequence[Bar], remark: str = "") -> Spec | None:
    if not bars:
        return None
    kinds = _distinct(bar["what"] for bar in bars)
    place: dict[str, Any] = {
        "y": {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 260}},
    }
    if len(kinds) > 1:
        place["yOffset"] = {"field": "what", "sort": kinds}
    color = {
        "field": "what",
        "scale": {"domain": kinds, "range": [_COLORS[number % len(_COLORS)] for number in range(len(kinds))]},
        "legend": {"title": None, "orient": "top", "columns": 3} if len(kinds) > 1 else None,
    }
    axis = {"type": "quantitative", "title": unit, "scale": {"zero": True}}
    tooltip = [{"field": "name"}, {"field": "what"}, *({"field": each, "format": ",.4~r"} for each in _bounds(bars))]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar"},
            "encoding": {**place, "x": {"field": "median", **axis}, "color": color, "tooltip": tooltip},
        }
    ]
    if "low" in bars[0]:
        layers.append(
            {
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {**place, "x": {"field": "low", **axis}, "x2": {"field": "high"}},
            }
        )
    return {
        "title": {"text": title, **({"subtitle": wrap(remark, 80)} if remark else {})},
        "description": f"{title}, in {unit}; lines are intervals of the medians.",
        "width": WIDTH,
        "height": {"step": 16 if len(kinds) > 1 else 22, **({"for": "offset"} if len(kinds) > 1 else {})},
        "data": {"values": list(bars)},
        "layer": layers,
    }


def _bounds(bars: Sequence[Bar]) -> tuple[str, ...]:
    return ("median", "low", "high") if "low" in bars[0] else ("median",)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
