"""What a request costs beside its serializer: the session manager, the client of memcached, and memcached's answer.

Invariant: it is what the requests that were measured end to end took, less what the serializer takes of them, or it is
not known; it is never assumed.
"""

from dataclasses import dataclass
from statistics import median

from ..result import CaseResult, EndToEnd, Result
from .reading import collector

REQUEST_PART = 0.1
"""Of the rest, what a request takes that neither loads nor saves. `session-bench request-path` measures such requests:
they take up to a tenth of one that goes to memcached once or twice."""


@dataclass(frozen=True)
class Rest:
    """Seconds of CPU time that a request takes with any serializer, and with a session of any size."""

    request: float
    """For every request."""
    load: float
    """More, if it loads its session."""
    save: float
    """More, if it saves its session."""

    @property
    def whole(self) -> float:
        """Of a request that loads and saves."""
        return self.request + self.load + self.save


def rest_of_request(result: Result) -> Rest | None:
    """Return the rest of a request, or None if no requests were measured end to end, one after the other.

    Those requests all load and save, so only the sum is known: the median over the serializers and workloads. Of it
    `REQUEST_PART` is taken for every request, and the load and the save share what is left.
    """
    cases = {
        (case.workload, case.label): case
        for case in result.cases
        if case.dumps and case.loads and case.gc == collector(result)
    }
    rests = [
        each.throughput.median**-1 - serializer_share(case)
        for each in result.end_to_end
        if is_one_by_one(each) and (case := cases.get((each.workload, each.label)))
    ]
    if not rests:
        return None
    whole = max(0.0, median(rests))
    command = whole * (1 - REQUEST_PART) / 2
    return Rest(whole * REQUEST_PART, command, command)


def is_one_by_one(each: EndToEnd) -> bool:
    """Say whether requests followed each other in one thread, so that a request's time is the inverse of their rate."""
    return not each.detail and each.mode == "threads" and each.concurrency == 1 and each.throughput.median > 0


def serializer_share(case: CaseResult) -> float:
    """Return the seconds that a case takes of a request that loads its session, changes it, and saves it.

    That is a loads and two dumps: of what was loaded, to find out later what changed, and of what is saved.

    Parameters
    ----------
    case
        One with times of dumps and loads.
    """
    if not (case.dumps and case.loads):
        raise ValueError(f"{case.workload}, {case.label} has no times of dumps and loads")
    return (
        (case.envelope_loads or case.loads).median
        + (case.unchanged or case.dumps).median
        + (case.envelope_dumps or case.dumps).median
    )
