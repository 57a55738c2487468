"""What ``memcached-sessions types`` prints: tables, what has no converter, and what it needs; or JSON."""

import json
from dataclasses import asdict

from ..escaping import shortened, shown
from .layout import table
from .quantities import bytes_text
from .types_report import SerializerReport, TypesReport, UnknownReport

SCHEMA = 1
"""Changes when a field of the JSON is removed or means something else."""

_MOST_TYPES = 100
_MOST_PATHS = 3
_LONGEST = 200
"""Characters of a name or a place, which a hostile file may make long."""


def types_text(report: TypesReport) -> list[str]:
    """Return the lines of a report.

    >>> empty = TypesReport(2, 0, (), (), (), (), incomplete=0, lacks_classes=False)
    >>> types_text(empty)[0]
    '0 sessions looked at, of 2 found'
    """
    lines = [f"{report.sessions:,} sessions looked at, of {report.total:,} found"]
    for unread in report.unread:
        more = ", ..." if unread.sessions > 1 else ""
        example = f" ({shown(shortened(unread.example, _LONGEST))}{more})" if unread.example else ""
        lines.append(f"{unread.sessions:,} not read: {shown(unread.reason)}{example}")
    if report.incomplete:
        lines.append(f"{report.incomplete:,} of them are too large to be looked at as a whole")
    lines += ["", *_types(report), "", *_serializers(report), ""]
    for unknown in report.unknown:
        lines += [*_unknown(unknown, report.sessions), ""]
    return lines[:-1] if report.unknown else [*lines, _outcome(report)]


def types_json(report: TypesReport) -> str:
    """Return one JSON object; what cannot be printed is escaped in it."""
    return json.dumps({"schema": SCHEMA, "command": "types", **asdict(report)}, indent=2)


def _outcome(report: TypesReport) -> str:
    """Return the last line, where each class that was read is registered."""
    if not report.keeping_all:
        return "no serializer keeps all that was read: what each refuses first is above"
    kept = f"everything that was read can be kept, by {', '.join(report.keeping_all)}"
    return f"{kept}; what was not read needs classes that are not registered here" if report.lacks_classes else kept


def _types(report: TypesReport) -> list[str]:
    rows = [
        [shortened(each.type, _LONGEST), str(each.objects), str(each.sessions)] for each in report.types[:_MOST_TYPES]
    ]
    lines = table(("type", "objects", "sessions"), rows, right=("objects", "sessions"))
    rest = len(report.types) - _MOST_TYPES
    return [*lines, f"and {rest:,} types more, which --json lists"] if rest > 0 else lines


def _serializers(report: TypesReport) -> list[str]:
    numbers = ("keeps", "median", "95 %", "most")
    rows = [_serializer(each, report.sessions) for each in report.serializers]
    return table(("serializer", *numbers, "refuses first"), rows, right=numbers)


def _serializer(each: SerializerReport, sessions: int) -> list[str]:
    sizes = ["" if size is None else bytes_text(size) for size in (each.median_bytes, each.p95_bytes, each.most_bytes)]
    return [each.serializer, f"{each.kept} of {sessions}", *sizes, each.refusal or ""]


def _unknown(unknown: UnknownReport, sessions: int) -> list[str]:
    paths = [shown(shortened(path, _LONGEST)) or "the session itself" for path in unknown.paths[:_MOST_PATHS]]
    more = ", ..." if len(unknown.paths) > _MOST_PATHS else ""
    name = shown(shortened(unknown.type, _LONGEST))
    return [
        f"{name}: {unknown.objects:,} in {unknown.sessions:,} of {sessions:,} sessions",
        f"  at {', '.join(paths)}{more}",
        f"  {shown(unknown.register or unknown.problem)}",
    ]
