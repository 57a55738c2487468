"""What ``memcached-sessions nodes`` prints: a table, or JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from .layout import pairs, table
from .node_report import NodeReport
from .quantities import bytes_text, seconds_text

SCHEMA = 1
"""Changes when a field of the JSON is removed or means something else."""

_NUMBERS = ("item limit", "uptime", "items", "evictions", "connections")
_HEADINGS = (
    "node",
    "role",
    "address",
    "usable",
    "version",
    *_NUMBERS[:3],
    "memory",
    *_NUMBERS[3:],
    "TLS",
    "generation",
)


def nodes_text(reports: Sequence[NodeReport]) -> list[str]:
    """Return the lines of a table, and those of what is wrong under it.

    >>> from .node_report import NodeReport
    >>> report = NodeReport("n1", "primary", "a:1", reachable=False, usable=False, problem="no answer within 0.5 s")
    >>> nodes_text([report])[-1]
    'n1  unreachable: no answer within 0.5 s'
    """
    lines = table(_HEADINGS, [_row(report) for report in reports], right=_NUMBERS)
    problems = [
        (report.node, f"{'not usable' if report.reachable else 'unreachable'}: {report.problem}")
        for report in reports
        if report.problem is not None
    ]
    return [*lines, "", *pairs(problems)] if problems else lines


def nodes_json(reports: Sequence[NodeReport]) -> str:
    """Return one JSON object; what cannot be printed is escaped in it."""
    return json.dumps({"schema": SCHEMA, "command": "nodes", "nodes": [asdict(report) for report in reports]}, indent=2)


def _row(report: NodeReport) -> list[str]:
    if not report.reachable:
        return [report.node, report.role, report.address, "unreachable", *[""] * (len(_HEADINGS) - 4)]
    return [
        report.node,
        report.role,
        report.address,
        "yes" if report.usable else "no",
        report.version or "?",
        "?" if report.item_limit is None else bytes_text(report.item_limit),
        "?" if report.uptime is None else seconds_text(report.uptime),
        _number(report.items),
        _part(report.memory, report.memory_limit),
        _number(report.evictions),
        f"{_number(report.connections)} of {_number(report.max_connections)}",
        "no" if report.tls is None else f"{report.tls.version} {report.tls.cipher}",
        report.generation or ("none yet" if report.usable else "?"),
    ]


def _number(number: int | None) -> str:
    return "?" if number is None else str(number)


def _part(used: int | None, limit: int | None) -> str:
    return " of ".join("?" if count is None else bytes_text(count) for count in (used, limit))
