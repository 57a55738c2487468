"""What the sessions at a source are made of, and which serializer keeps them.

The fields are those of the JSON that ``memcached-sessions types --json`` prints. Invariant: no value of a session is in
a report: types, places, and keys as `paths.key_step` shows them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from ...serializers import ConverterRegistry, PluginError, available_serializers, get_serializer
from ...serializers.census import Census
from ...serializers.errors import SerializationError, problem_without_values
from ...serializers.survey import FindingKind, survey
from .sources.found import Found

_PICKLE = "pickle"
_REMEDY = re.compile("( is not registered): .*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unread:
    """Sessions that could not be read, for one reason."""

    reason: str
    sessions: int
    example: str
    """Where the first one is: a file, or a node that does not answer; empty where that is not told."""


@dataclass(frozen=True, slots=True)
class TypeReport:
    """A type in the sessions."""

    type: str
    objects: int
    sessions: int
    """In how many sessions it is."""


@dataclass(frozen=True, slots=True)
class UnknownReport:
    """Values that no serializer keeps."""

    type: str
    kind: FindingKind
    objects: int
    sessions: int
    """In how many sessions they are."""
    paths: tuple[str, ...]
    """The first places, of those that differ in an index alone one."""
    register: str | None
    """The call of `register` that the class needs; None where that is not the remedy."""
    problem: str


@dataclass(frozen=True, slots=True)
class SerializerReport:
    """What a serializer makes of the sessions."""

    serializer: str
    safe: bool
    """Whether hostile bytes can do no harm to who reads them."""
    kept: int
    """Sessions that it keeps as they are. Sizes are of these, as payloads, in bytes; None: there is none."""
    median_bytes: int | None
    p95_bytes: int | None
    most_bytes: int | None
    refusal: str | None
    """Where and why it refused the first one that it did not keep; None: it keeps all."""


@dataclass(frozen=True, slots=True)
class TypesReport:
    """What there is."""

    total: int
    """Sessions at the source; those that were looked at are a sample. One that is on two nodes counts twice."""
    sessions: int
    """Sessions that were read."""
    unread: tuple[Unread, ...]
    types: tuple[TypeReport, ...]
    unknown: tuple[UnknownReport, ...]
    serializers: tuple[SerializerReport, ...]
    incomplete: int
    """Sessions with more places than were looked at."""
    lacks_classes: bool
    """Whether sessions could not be read because they hold classes that are registered nowhere here."""

    @property
    def keeping_all(self) -> tuple[str, ...]:
        """The serializers that keep every session that was read."""
        return tuple(each.serializer for each in self.serializers if each.kept == self.sessions)

    @property
    def all_kept(self) -> bool:
        """Whether nothing has to be done: nothing is unknown, and some serializer keeps all."""
        return not (self.unknown or self.lacks_classes) and bool(self.keeping_all)


def types_report(found: Found, registry: ConverterRegistry) -> TypesReport:
    """Look at sessions, and let each serializer that is safe, and pickle, write them.

    Parameters
    ----------
    found
        The sessions.
    registry
        The converters.
    """
    census = Census()
    for session in found.sessions:
        census.add(survey(session, registry))
    return TypesReport(
        total=found.total,
        sessions=len(found.sessions),
        unread=tuple(_unread(found.unread, found.examples)),
        types=tuple(TypeReport(common.type, common.objects, common.values) for common in census.types),
        unknown=tuple(
            UnknownReport(
                common.finding.type,
                common.finding.kind,
                common.finding.count,
                common.values,
                common.finding.paths,
                common.finding.register,
                common.finding.problem,
            )
            for common in census.findings
        ),
        serializers=tuple(_serializers(found.sessions, registry)),
        incomplete=census.incomplete,
        lacks_classes=found.lacks_classes,
    )


def _unread(unread: Counter[str], examples: dict[str, str]) -> Iterable[Unread]:
    for reason, count in unread.most_common():
        yield Unread(reason, count, examples.get(reason, ""))


def _serializers(sessions: Sequence[dict[str, Any]], registry: ConverterRegistry) -> Iterable[SerializerReport]:
    for name, info in available_serializers().items():
        if info.capabilities is not None and (info.capabilities.safe or name == _PICKLE):
            yield _serializer(name, sessions, registry, safe=info.capabilities.safe)


def _serializer(
    name: str, sessions: Sequence[dict[str, Any]], registry: ConverterRegistry, *, safe: bool
) -> SerializerReport:
    sizes: list[int] = []
    refusal: str | None = None
    try:
        serializer = get_serializer(name, registry)
    except PluginError as error:  # it has come with the default registry, and does not with this one
        return SerializerReport(name, safe, 0, None, None, None, str(error))
    for session in sessions:
        try:
            sizes.append(len(serializer.dumps(session)))
        except Exception as error:  # noqa: BLE001 - a serializer of somebody else's may fail in any way
            if refusal is None:
                path = error.path if isinstance(error, SerializationError) else ""
                # What to do is told of each class, by who has looked at it as a whole.
                refusal = _REMEDY.sub(r"\1", f"{path}: {problem_without_values(error)}".removeprefix(": "))
    sizes.sort()
    return SerializerReport(
        name, safe, len(sizes), _quantile(sizes, 0.5), _quantile(sizes, 0.95), sizes[-1] if sizes else None, refusal
    )


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    """Return the least value that this share of the values does not exceed (nearest rank)."""
    return ordered[max(1, ceil(share * len(ordered))) - 1] if ordered else None
