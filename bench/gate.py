"""Holds a result to a baseline: what must be equal is equal, and nothing became slower than is allowed.

Bytes, verdicts and fidelity are compared exactly. Speed is compared by ratios to the baseline serializer, Python's own
pickle, within one run: they are what another run, and to a degree another machine, repeats. A ratio fails if its whole
interval lies beyond the allowed change from the median of the baseline. Pure functions. Invariant: rows to compare with
(libraries alone, the floor) are not ours, and never fail.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .intervals import Estimate
from .result import CaseResult, Fate, Result

ALLOWED = 0.15
"""How much longer an operation may take than in the baseline, relative to pickle: 0.15 is 15 %."""

GATED = ("dumps", "loads")
"""The ratios that are held: round trips are mostly memcached and the kernel."""

_FATES = list(Fate)


@dataclass(frozen=True)
class Failure:
    """Something that is not as in the baseline."""

    where: str
    """Such as ``"cart-objects, compact"``."""
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def failures(baseline: Result, current: Result, allowed: float = ALLOWED) -> list[Failure]:
    """Return what fails, in the order of the baseline.

    Parameters
    ----------
    baseline, current
        The results.
    allowed
        How much longer an operation may take, relative to pickle, as a part of its time in the baseline.
    """
    return [*_cases(baseline, current, allowed), *_fidelity(baseline, current)]


def doubtful(baseline: Result, current: Result, allowed: float = ALLOWED) -> set[tuple[str, str]]:
    """Return the workload and the label of each case that looks slower than allowed, whatever its interval.

    It was too noisy to tell, or is slower: measured again with more passes, `failures` can tell.
    """
    found = {_place(case): case for case in current.cases}
    return {
        (before.workload, before.label)
        for before in _ours(baseline)
        for operation in GATED
        if (now := found.get(_place(before)))
        and (was := _ratio(before, operation))
        and (ratio := _ratio(now, operation))
        and ratio.median * (1 + allowed) < was.median
    }


def notes(baseline: Result, current: Result) -> list[str]:
    """Return what is different and no failure, in a line each."""
    told: list[str] = []
    ours, theirs = current.machine, baseline.machine
    for what, now, before in (("processor", ours.cpu, theirs.cpu), ("Python", ours.python, theirs.python)):
        if now != before:
            told.append(
                f"another {what} than that of the baseline ({now}, not {before}): ratios may differ by that alone"
            )
    told += [f"{name} {version}, not {before}" for name, version, before in _versions(baseline, current)]
    known = {_place(case) for case in _ours(baseline)}
    new = [case for case in _ours(current) if _place(case) not in known]
    told += [f"{case.workload}, {case.label}: not in the baseline" for case in new]
    return told


def _versions(baseline: Result, current: Result) -> Iterator[tuple[str, str, str]]:
    for name, version in current.libraries.items():
        before = baseline.libraries.get(name, "nothing")
        if version != before and name != "memcached-sessions":
            yield name, version, before


def _cases(baseline: Result, current: Result, allowed: float) -> Iterator[Failure]:
    found = {_place(case): case for case in current.cases}
    for before in _ours(baseline):
        where = f"{before.workload}, {before.label}" + ("" if before.gc == "enabled" else " without collector")
        now = found.get(_place(before))
        if now is None:
            yield Failure(where, "it is in the baseline, and was not measured")
        elif before.verified != now.verified or before.outcome != now.outcome:
            yield Failure(where, f"{now.outcome}, not {before.outcome}: {now.path} {now.detail}".rstrip(": "))
        elif before.verified:
            yield from _verified(where, before, now, allowed)


def _verified(where: str, before: CaseResult, now: CaseResult, allowed: float) -> Iterator[Failure]:
    if now.bytes != before.bytes:
        yield Failure(where, f"{now.bytes:,} bytes, not {before.bytes:,}")
    if before.identity and not now.identity:
        yield Failure(where, "objects that the session shares come back as copies")
    for operation in GATED:
        was, ratio = _ratio(before, operation), _ratio(now, operation)
        if was and ratio and ratio.high * (1 + allowed) < was.median:
            slower = was.median / ratio.median - 1
            yield Failure(
                where,
                f"{operation} takes {slower:.0%} more, {allowed:.0%} is allowed: {ratio.median:.3g} times as fast as "
                f"pickle ({ratio.low:.3g}-{ratio.high:.3g}), not {was.median:.3g} times",
            )


def _ratio(case: CaseResult, operation: str) -> Estimate | None:
    return getattr(case.ratio, operation)


def _fidelity(baseline: Result, current: Result) -> Iterator[Failure]:
    references = _references(baseline)
    found = {(cell.label, cell.value): cell for cell in current.fidelity}
    for before in baseline.fidelity:
        if before.label in references:
            continue
        now = found.get((before.label, before.value))
        where = f"fidelity, {before.label}, {before.value}"
        if now is None:
            yield Failure(where, "it is in the baseline, and was not tried")
        elif _FATES.index(now.fate) > _FATES.index(before.fate):
            yield Failure(where, f"{now.fate}, not {before.fate}: {now.detail}".rstrip(": "))


def _ours(result: Result) -> list[CaseResult]:
    references = _references(result)
    return [case for case in result.cases if case.label not in references]


def _references(result: Result) -> set[str]:
    return {label for each in result.serializers if each.reference for label in each.variants}


def _place(case: CaseResult) -> tuple[str, str, str]:
    return case.workload, case.label, case.gc
