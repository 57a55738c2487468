"""What many values are made of: their surveys, added up.

Invariant: what is kept is bounded, however many values there are and whatever is in them; what goes beyond is counted.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from .survey import MOST_PATHS, Finding, Survey, generalized

MOST_FINDINGS = 1_000
"""Classes, each with its problem, that are told apart; an application has a few dozen."""

MOST_TYPES = 10_000


@dataclass(frozen=True, slots=True)
class CommonFinding:
    """What cannot be kept in many values."""

    finding: Finding
    """With the count and the first places of all values."""
    values: int
    """In how many values it is."""


@dataclass(frozen=True, slots=True)
class CommonType:
    """A type in many values."""

    type: str
    objects: int
    values: int
    """In how many values it is."""


@dataclass
class _Sum:
    finding: Finding
    count: int = 0
    values: int = 0
    paths: dict[str, str] = field(default_factory=dict[str, str])


class Census:
    """Adds surveys up.

    >>> from .registry import ConverterRegistry
    >>> from .survey import survey
    >>> census = Census()
    >>> for number in range(3):
    ...     new = census.add(survey({"all": [1, 2, print], "number": number}, ConverterRegistry()))
    ...     [path for _, path in new]
    ['all[2]']
    []
    []
    >>> census.types[0], [(common.finding.count, common.values) for common in census.findings]
    (CommonType(type='int', objects=9, values=3), [(3, 3)])
    """

    def __init__(self) -> None:
        self.values = 0
        """Surveys that were added."""
        self.incomplete = 0
        """Of these, how many had more places than were looked at."""
        self.left_out = 0
        """Findings beyond `MOST_FINDINGS`."""
        self._types: Counter[str] = Counter()
        self._values_with: Counter[str] = Counter()
        self._sums: dict[tuple[str, str], _Sum] = {}

    def add(self, survey: Survey) -> list[tuple[Finding, str]]:
        """Add a survey; return the findings that are new, each with its place, indexes set aside."""
        self.values += 1
        self.incomplete += not survey.complete
        for name, count in survey.types.items():
            if name in self._types or len(self._types) < MOST_TYPES:
                self._types[name] += count
                self._values_with[name] += 1
        return [(finding, path) for finding in survey.findings for path in self.note(finding)]

    def note(self, finding: Finding) -> list[str]:
        """Count what was found in one value; return those of its places that are new."""
        key = finding.type, finding.problem
        known = self._sums.get(key)
        if known is None:
            if len(self._sums) >= MOST_FINDINGS:
                self.left_out += finding.count
                return []
            known = self._sums[key] = _Sum(finding)
        known.count += finding.count
        known.values += 1
        new: list[str] = []
        for path in finding.paths:
            place = generalized(path)
            if place not in known.paths and len(known.paths) < MOST_PATHS:
                known.paths[place] = path
                new.append(path)
        return new

    @property
    def types(self) -> tuple[CommonType, ...]:
        """The types, most frequent first."""
        ordered = sorted(self._types.items(), key=lambda item: (-item[1], item[0]))
        return tuple(CommonType(name, count, self._values_with[name]) for name, count in ordered)

    @property
    def findings(self) -> tuple[CommonFinding, ...]:
        """What cannot be kept, in the order in which it was met."""
        return tuple(
            CommonFinding(
                replace(known.finding, count=known.count, paths=tuple(known.paths.values())),
                known.values,
            )
            for known in self._sums.values()
        )
