"""Tells why a serializer costs more than the bare call of the library under it, from the facts in a result.

Invariant: the reason is made of figures that were measured or counted in the same run, never of a text per serializer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..intervals import Estimate
from ..result import CaseResult, Result
from .figures import microseconds, percent_more
from .rendering import Block, Bullets, Heading, Lines

LIMITS = {"cbor": 0.40, "json": 0.40, "msgpack": 0.25, "pickle": 0.20}
"""The overhead that needs no explanation, as a part of the bare call. These are the limits that the project set itself
for its first formats. They differ as the libraries do: what a fast library saves, a pass in Python spends again."""

DEFAULT_LIMIT = 0.25
"""The same for serializers of others."""


@dataclass(frozen=True)
class Excess:
    """One operation of one case above its limit."""

    case: CaseResult
    operation: str
    """``"dumps"`` or ``"loads"``."""
    overhead: Estimate
    reason: str

    def __str__(self) -> str:
        return f"{self.case.workload}, {self.case.label} {self.operation} {percent_more(self.overhead)}: {self.reason}"


def limit(serializer: str) -> float:
    """Return the overhead that a serializer may have without a reason, as a part of the bare call.

    >>> limit("json"), limit("somebody-elses")
    (0.4, 0.25)
    """
    return LIMITS.get(serializer, DEFAULT_LIMIT)


def excesses(result: Result) -> list[Excess]:
    """Return what is above its limit, in the order of the cases."""
    return [excess for case in result.cases for excess in (_dumps(case), _loads(case)) if excess]


def overhead_blocks(result: Result) -> Iterator[Block]:
    """Return what is above its limit, and why, and what is within."""
    measured = sorted({case.serializer for case in result.cases if case.overhead_dumps})
    if not measured:
        return
    limits = ", ".join(f"{name} {100 * limit(name):.0f} %" for name in measured)
    yield Heading("Overhead over the bare library call")
    yield Lines((f"What is above its limit ({limits}), and why:",))
    yield Bullets(tuple(map(str, excesses(result))) or ("nothing",))
    if within := within_limits(result):
        yield Lines((f"Within: {'; '.join(within)}.",))


def within_limits(result: Result) -> list[str]:
    """Return the measured cases of which neither operation is above its limit, as ``"workload, label"``."""
    above = {(excess.case.workload, excess.case.label) for excess in excesses(result)}
    measured = [case for case in result.cases if case.overhead_dumps]
    return [f"{case.workload}, {case.label}" for case in measured if (case.workload, case.label) not in above]


def _dumps(case: CaseResult) -> Excess | None:
    overhead, whole, bare = case.overhead_dumps, case.dumps, case.bare_dumps
    if not (overhead and whole and bare) or overhead.median <= limit(case.serializer):
        return None
    return Excess(case, "dumps", overhead, f"{_shares(whole, bare)}; {_lowering(case, whole.median - bare.median)}")


def _loads(case: CaseResult) -> Excess | None:
    overhead, whole, bare = case.overhead_loads, case.loads, case.bare_loads
    if not (overhead and whole and bare) or overhead.median <= limit(case.serializer):
        return None
    return Excess(case, "loads", overhead, f"{_shares(whole, bare)}; {_conversions(case, whole.median - bare.median)}")


def _shares(whole: Estimate, bare: Estimate) -> str:
    return f"the library's own call takes {microseconds(bare)} of {microseconds(whole)} µs"


def _lowering(case: CaseResult, seconds: float) -> str:
    if not case.items and not case.converted:
        return f"there is no pass over the value and no converter: {_fixed(seconds)}"
    written = f" in {case.written_in}" if case.written_in else ""
    if not case.items:
        return (
            f"{case.converted:,} values go through a converter{written}, {_each(seconds, case.converted or 1)} a value"
        )
    through = f", {case.converted:,} of them through a converter" if case.converted else ", none through a converter"
    return (
        f"the pass{written} that finds what the library would change looks at {case.items:,} values{through}, "
        f"{_each(seconds, case.items)} a value"
    )


def _conversions(case: CaseResult, seconds: float) -> str:
    if not case.converted:
        return f"no value needs a converter: {_fixed(seconds)}"
    # Under a serializer without a pass the library makes the objects itself: its bare call does not end earlier.
    earlier = "where the bare call ends at plain data, " if case.items else ""
    return f"{case.converted:,} values come back through converters, {earlier}{_each(seconds, case.converted)} a value"


def _fixed(seconds: float) -> str:
    return f"the {_microseconds(seconds)} are checks and calls around the library's"


def _each(seconds: float, count: int) -> str:
    return _microseconds(seconds / count)


def _microseconds(seconds: float) -> str:
    return f"{microseconds(seconds)} µs"
