"""The chart of size against speed: what is neither the smallest nor the fastest for its size lies behind a line.

Invariant: a row is on the line if no other is both at most as large and at most as slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

from ..result import Result
from .reading import collector, each_session, reference_labels, row_name, rows
from .vega import Spec

WIDTH, HEIGHT = 540, 360
"""Of the chart, in pixels, where nothing else says how wide it is."""

NARROW = 290
"""The least width that labels have room in: what does not cover another there does not in a wider chart."""

_LETTER, _LINE = 6.2, 13
"""How much room a letter and a line of a label take."""

_POINT = 5
"""How far a point reaches to each side; its own label begins 9 beside it."""

_KINDS = ("best for its size", "behind", "to compare with")


@dataclass(frozen=True)
class Point:
    """A row in the chart."""

    name: str
    bytes: float
    microseconds: float
    """Of dumps and loads together."""
    kind: str


def points(result: Result, workload: str) -> list[Point]:
    """Return the rows of a workload that have a size and both times."""
    references = reference_labels(result)
    found = [
        (row_name(result, case), size, (case.dumps.median + case.loads.median) * 1e6, case.label in references)
        for case in rows(result, workload)
        if case.dumps and case.loads and case.gc == collector(result) and (size := each_session(case))
    ]
    choice = [(size, time) for _, size, time, reference in found if not reference]

    def kind(size: float, time: float) -> str:
        better = any(other <= size and faster <= time and (other, faster) != (size, time) for other, faster in choice)
        return _KINDS[1] if better else _KINDS[0]

    return [
        Point(name, size, time, _KINDS[2] if reference else kind(size, time)) for name, size, time, reference in found
    ]


def pareto(result: Result, workload: str) -> Spec | None:
    """Return the chart; None where there are fewer than two rows."""
    found = points(result, workload)
    if len(found) < 2:
        return None
    across, up = _domain([each.bytes for each in found]), _domain([each.microseconds for each in found])
    values = [
        {"name": point.name, "bytes": point.bytes, "µs": round(point.microseconds, 4), "kind": point.kind, "dy": shift,
         "left": _is_left(point, across)}
        for point, shift in zip(found, _shifts(found, across, up), strict=True)
    ]  # fmt: skip
    x = _axis("bytes", "bytes of a session", across)
    y = _axis("µs", "dumps and loads together, µs", up)
    color = {
        "field": "kind",
        "scale": {"domain": list(_KINDS), "range": ["#1a73c7", "#8a8a8a", "#b7791f"]},
        "legend": {"title": None, "orient": "top"},
    }
    shape = {
        "field": "kind",
        "scale": {"domain": list(_KINDS), "range": ["circle", "triangle-up", "cross"]},
        "legend": {"title": None, "orient": "top"},
    }
    tooltip = [{"field": "name"}, {"field": "bytes", "format": ",.0f"}, {"field": "µs", "format": ",.4~r"},
               {"field": "kind"}]  # fmt: skip
    return {
        "title": f"{workload}: size against speed",
        "description": f"Size against time of dumps and loads on {workload}; further left and down is better.",
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": values},
        "layer": [
            {
                "transform": [{"filter": f"datum.kind === '{_KINDS[0]}'"}],
                "mark": {"type": "line", "interpolate": "step-after", "strokeDash": [4, 4], "color": "#1a73c7"},
                "encoding": {"x": x, "y": y},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": color, "shape": shape, "tooltip": tooltip},
            },
            *_labels(values, x, y),
        ],
    }  # fmt: skip


def _labels(values: Sequence[dict[str, Any]], x: Spec, y: Spec) -> list[Spec]:
    """Return the names, each beside its point and moved so far up or down that it stands on no other."""
    return [
        {
            "data": {"values": [value]},
            "mark": {"type": "text", "align": "right" if value["left"] else "left", "dx": -9 if value["left"] else 9,
                     "dy": value["dy"], "baseline": "middle"},
            "encoding": {"x": x, "y": y, "text": {"field": "name"}},
        }
        for value in values
    ]  # fmt: skip


def _axis(name: str, title: str, domain: tuple[float, float]) -> Spec:
    return {
        "field": name,
        "type": "quantitative",
        "title": title,
        "scale": {"type": "log", "domain": list(domain), "nice": False},
        "axis": {"format": "~s" if name == "bytes" else ",.3~r", "tickCount": 6, "labelOverlap": True},
    }


def _domain(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = max(0.06, 0.12 * log10(high / low))
    return low / 10**room, high * 10**room


def _is_left(point: Point, across: tuple[float, float]) -> bool:
    """Say whether a name stands to the left of its point, where there is more room."""
    return _place(point.bytes, across) > 0.5


def _shifts(found: Sequence[Point], across: tuple[float, float], up: tuple[float, float]) -> list[int]:
    """Return how far down each label moves: from its own height step by step to the next free place."""
    taken = [
        (x - _POINT, x + _POINT, HEIGHT * (1 - _place(point.microseconds, up)))
        for point in found
        for x in (NARROW * _place(point.bytes, across),)
    ]
    shifts: dict[int, int] = {}
    for number, point in sorted(enumerate(found), key=lambda pair: pair[1].kind):
        long, x = _LETTER * len(point.name), NARROW * _place(point.bytes, across)
        left, right = (x - 9 - long, x - 9) if _is_left(point, across) else (x + 9, x + 9 + long)
        middle = HEIGHT * (1 - _place(point.microseconds, up))
        steps = (step * sign for step in range(12) for sign in (1, -1))
        shift = next((s * _LINE for s in steps if not _covered(taken, left, right, middle + s * _LINE)), 0)
        taken.append((left, right, middle + shift))
        shifts[number] = shift
    return [shifts[number] for number in range(len(found))]


def _covered(taken: Sequence[tuple[float, float, float]], left: float, right: float, middle: float) -> bool:
    return any(left < r and l < right and abs(middle - m) < _LINE for l, r, m in taken)  # noqa: E741 - as in left


def _place(value: float, domain: tuple[float, float]) -> float:
    return log10(value / domain[0]) / log10(domain[1] / domain[0])
