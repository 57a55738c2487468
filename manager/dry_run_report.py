"""What a dry run has found: gathered, logged as it is met, and told as a whole.

Invariants: a finding is logged once for each place, indexes set aside, and counted from then on; a record is one line
of printable characters without a value of a session; what is kept and logged is bounded.
"""

import logging
import re
from collections import Counter, deque
from dataclasses import dataclass
from threading import Lock

from ..serializers.census import Census, CommonFinding, CommonType
from ..serializers.survey import Finding, Survey
from .escaping import shortened, shown
from .events import Event, EventKind
from .percentile import percentile

MOST_STATES = 10_000
"""Of which a dry run remembers that it has looked at them, and whose sizes make the median: the last ones."""

MOST_LOGGED = 200
"""Findings that are logged, each with a place; what is met after them is counted."""

MOST_OF_ONE_ATTRIBUTE = 10
"""Of these, how many are of one attribute: one that holds half the program does not drown the others."""

_LONGEST = 1_000
"""Characters of a record."""

_ATTRIBUTE = re.compile(r"\[.*?\]|[^.\[]*")

_logger = logging.getLogger("memcached_sessions")


@dataclass(frozen=True)
class DryRunReport:
    """What a dry run has found in this process until now."""

    sessions: int
    """Sessions that began."""
    states: int
    """Different encodings: a session has one for each request that changed it."""
    median_bytes: int | None
    """Of the last 10 000 states, as payloads of the serializer; what is stored has a header besides, perhaps a
    signature, and may be compressed. None: there is no state."""
    most_bytes: int | None
    """Of the largest state."""
    types: tuple[CommonType, ...]
    """In the states, most frequent first."""
    findings: tuple[CommonFinding, ...]
    """What could not be kept, in the order in which it was met. The counts are of encodings, about one for each request
    of a session that holds it."""

    def __str__(self) -> str:
        """Return it in one line, without the findings.

        >>> print(DryRunReport(3, 7, 120, 612, (), ()))
        3 sessions in 7 states, of 120 bytes (median) to 612 bytes (the largest); nothing that cannot be kept
        """
        sizes = (
            ""
            if self.median_bytes is None
            else f", of {self.median_bytes} bytes (median) to {self.most_bytes} bytes (the largest)"
        )
        count = len(self.findings)
        found = f"{count} finding{'s' if count > 1 else ''}" if count else "nothing that cannot be kept"
        return f"{self.sessions} sessions in {self.states} states{sizes}; {found}"


class DryRun:
    """Gathers what a dry run finds, from any thread."""

    def __init__(self) -> None:
        self._begin()

    def begin_anew(self) -> None:
        """Forget what the parent of this process has found; in a child, after a fork."""
        self._begin()

    def _begin(self) -> None:
        self._lock = Lock()
        self._census = Census()
        self._seen: dict[bytes, None] = {}
        self._sizes: deque[int] = deque(maxlen=MOST_STATES)
        self._logged: Counter[str] = Counter()
        self._sessions = self._states = self._most = 0

    def hear(self, event: Event) -> None:
        """Count a session that has begun; a `Listener`."""
        if event.kind is EventKind.CREATED:
            with self._lock:
                self._sessions += 1

    def is_new(self, digest: bytes, size: int) -> bool:
        """Return whether a state was not looked at yet, and remember it with its size in bytes."""
        with self._lock:
            if digest in self._seen:
                return False
            if len(self._seen) >= MOST_STATES:
                del self._seen[next(iter(self._seen))]
            self._seen[digest] = None
            self._states += 1
            self._sizes.append(size)
            self._most = max(self._most, size)
        _logger.debug("dry run: a session of %d bytes", size)
        return True

    def note_survey(self, survey: Survey) -> None:
        """Add what a session is made of, and log what in it is new."""
        with self._lock:
            new = self._census.add(survey)
        for finding, path in new:
            self._log(finding, path)

    def note_finding(self, finding: Finding) -> None:
        """Add what was found by other means, and log it if it is new."""
        with self._lock:
            new = self._census.note(finding)
        for path in new:
            self._log(finding, path)

    def report(self) -> DryRunReport:
        """Return what was found."""
        with self._lock:
            return DryRunReport(
                self._sessions,
                self._states,
                percentile(self._sizes, 0.5) if self._sizes else None,
                self._most if self._sizes else None,
                self._census.types,
                self._census.findings,
            )

    def log_start(self) -> None:
        """Say that this is a dry run."""
        _logger.warning(
            "dry run: no node is connected and nothing is stored; sessions live in this process alone and end with it. "
            "What could not be kept is logged when it is met, and summed up at the end"
        )

    def log_summary(self) -> None:
        """Say what was found."""
        report = self.report()
        # A process that served nobody, as one that has only forked others, has nothing to say.
        _logger.log(logging.WARNING if report.states else logging.INFO, "dry run: %s", report)
        told: Counter[str] = Counter()
        for common in report.findings:
            finding = common.finding
            if not _may_tell(told, finding.paths[0]):
                continue
            first = _place(finding.paths[0])
            _logger.warning("dry run: %s", _line(f"{finding.count} times, first at {first}: {finding.problem}"))

    def _log(self, finding: Finding, path: str) -> None:
        with self._lock:
            told = _may_tell(self._logged, path)
            last = told and self._logged.total() == MOST_LOGGED
        if told:
            _logger.warning("dry run: %s", _line(f"{_place(path)}: {finding.problem}"))
        if last:
            _logger.warning("dry run: no more findings are logged; dry_run_report() has them")


def _may_tell(told: Counter[str], path: str) -> bool:
    """Return whether one more finding is logged, and count it."""
    found = _ATTRIBUTE.match(path)
    attribute = found[0] if found else path
    if told.total() >= MOST_LOGGED or told[attribute] >= MOST_OF_ONE_ATTRIBUTE:
        return False
    told[attribute] += 1
    return True


def _place(path: str) -> str:
    return path or "the session itself"


def _line(text: str) -> str:
    return shortened(shown(shortened(text, _LONGEST)), _LONGEST)
