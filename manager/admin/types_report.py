"""What the sessions at a source are made of, and which serializer keeps them.

The fields are those of the JSON that ``memcached-sessions types --json`` prints. Invariant: no value of a session is in
a report: types, places, and keys as `paths.key_step` shows them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ...serializers import ConverterRegistry, PluginError, Serializer, available_serializers, get_serializer
from ...serializers.census import Census
from ...serializers.errors import SerializationError, problem_without_values
from ...serializers.paths import walk
from ...serializers.survey import FindingKind, survey
from ..percentile import percentile
from .sources.found import Found

MOST_TRIED = 100_000
"""Values that a session may stand for and still be tried by serializers; what is shared counts each time."""

MOST_SECONDS = 10.0
"""In which serializers may begin to try one session, all together; those that are left then do not."""

_PLACE_OF_TEXT = 64
"""Characters or bytes that count as one more value."""

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
    """Where and why it refused the first one that it did not keep, or why that was not tried; None: it keeps all."""


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


def types_report(found: Found, registry: ConverterRegistry, *, most_seconds: float = MOST_SECONDS) -> TypesReport:
    """Look at sessions, and let each serializer that is safe, and pickle, write them.

    Parameters
    ----------
    found
        The sessions.
    registry
        The converters.
    most_seconds
        In which serializers may begin to try one session, all together.
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
        serializers=tuple(_serializers(found.sessions, registry, most_seconds)),
        incomplete=census.incomplete,
        lacks_classes=found.lacks_classes,
    )


def _unread(unread: Counter[str], examples: dict[str, str]) -> Iterable[Unread]:
    for reason, count in unread.most_common():
        yield Unread(reason, count, examples.get(reason, ""))


def _serializers(
    sessions: Sequence[dict[str, Any]], registry: ConverterRegistry, most_seconds: float
) -> Iterable[SerializerReport]:
    trials = [
        _Trial(name, registry, safe=info.capabilities.safe)
        for name, info in available_serializers().items()
        if info.capabilities is not None and (info.capabilities.safe or name == _PICKLE)
    ]
    for session in sessions:
        too_much = _too_much(session, registry)
        end = monotonic() + most_seconds
        for trial in trials:
            if too_much is None and monotonic() > end:
                too_much = f"too large to be tried: the serializers before took over {most_seconds:g} seconds for it"
            if too_much is None:
                trial.add(session)
            else:
                trial.refuse(too_much)
    for trial in trials:
        yield trial.report()


def _too_much(session: dict[str, Any], registry: ConverterRegistry) -> str | None:
    """Return why a session is tried by no serializer; None if it may be.

    What is shared counts as often as it is referred to, as formats without references write it: a few hundred bytes of
    a pickle can stand for more than any machine has memory for.
    """
    size = 0
    try:
        for place in walk(session, registry, once=False):
            value = place.value
            size += 1 + (len(value) // _PLACE_OF_TEXT if isinstance(value, (str, bytes, bytearray)) else 0)
            if size > MOST_TRIED:
                return f"too large to be tried: it stands for over {MOST_TRIED:,} values"
    except SerializationError:
        return None  # formats without references end here too, and those with them write what is shared once
    return None


class _Trial:
    """What one serializer makes of one session after the other."""

    def __init__(self, name: str, registry: ConverterRegistry, *, safe: bool) -> None:
        self._name, self._safe = name, safe
        self._sizes: list[int] = []
        self._refusal: str | None = None
        self._serializer: Serializer | None = None
        try:
            self._serializer = get_serializer(name, registry)
        except PluginError as error:  # it has come with the default registry, and does not with this one
            self._refusal = str(error)

    def add(self, session: dict[str, Any]) -> None:
        """Let it write a session."""
        if self._serializer is None:
            return
        try:
            self._sizes.append(len(self._serializer.dumps(session)))
        except Exception as error:  # noqa: BLE001 - a serializer of somebody else's may fail in any way
            path = error.path if isinstance(error, SerializationError) else ""
            # What to do is told of each class, by who has looked at it as a whole.
            self.refuse(_REMEDY.sub(r"\1", f"{path}: {problem_without_values(error)}".removeprefix(": ")))

    def refuse(self, reason: str) -> None:
        """Note why a session is not kept, if it is the first."""
        if self._refusal is None:
            self._refusal = reason

    def report(self) -> SerializerReport:
        """Return what it made of all."""
        sizes = self._sizes
        median, p95, most = (percentile(sizes, share) if sizes else None for share in (0.5, 0.95, 1))
        return SerializerReport(self._name, self._safe, len(sizes), median, p95, most, self._refusal)
