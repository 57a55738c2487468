"""The charts of a figure for each row, with intervals: times, requests per second, compression, and start-up.

Invariant: bars begin at 0. Times, which lie up to a hundred times apart, are points on a logarithmic scale, where no
length says anything; each that was measured several times has the interval of its median.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..intervals import Estimate
from ..result import Result
from .reading import collector, row_name, rows
from .vega import Spec

WIDTH = 420
"""Of the bars, in pixels, where nothing else says how wide they are."""

_COLORS = ("#1a73c7", "#b7791f", "#5f8f4e", "#8e5aa8", "#8a8a8a")

Bar = Mapping[str, Any]


def times(result: Result, workload: str) -> Spec | None:
    """Return the times of dumps and loads of each row of a workload; None if there are none."""
    points = [
        _bar(row_name(result, case), operation, time, 1e6)
        for case in rows(result, workload)
        if case.gc == collector(result)
        for operation, time in (("dumps", case.dumps), ("loads", case.loads))
        if time
    ]
    return _chart(f"{workload}: dumps and loads", "µs", points, logarithmic=True)


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


def _bar(name: str, what: str, estimate: Estimate, factor: float) -> Bar:
    return {
        "name": name,
        "what": what,
        "median": estimate.median * factor,
        "low": estimate.low * factor,
        "high": estimate.high * factor,
    }


def _chart(title: str, unit: str, bars: Sequence[Bar], *, logarithmic: bool = False) -> Spec | None:
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
    scale = {"type": "log", "nice": False, "padding": 12} if logarithmic else {"zero": True}
    axis = {"type": "quantitative", "title": unit, "scale": scale}
    if logarithmic:
        axis |= {"title": f"{unit}, logarithmic", "axis": {"format": ",~r", "labelOverlap": True}}
    tooltip = [{"field": "name"}, {"field": "what"}, *({"field": each, "format": ",.4~r"} for each in _bounds(bars))]
    layers: list[Spec] = [
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1} if logarithmic else {"type": "bar"},
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
        "title": title,
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
