"""Holds a result to a baseline: what must be equal is equal, and nothing became slower than is allowed.

Bytes, verdicts and fidelity are compared exactly. Speed is compared by ratios to the baseline serializer, Python's own
pickle, within one run: they are what another run, and to a degree another machine, repeats. A ratio fails if its whole
interval lies beyond the allowed change from the median of the baseline. Pure functions. Invariants: rows to compare
with (libraries alone, the floor) are not ours, and never fail; what the baseline has and the result has not fails.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from .intervals import Estimate
from .result import BASELINE, CaseResult, Fate, FidelityCell, Result

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
    if not ours(baseline):
        return [Failure("the baseline", "it has no case of a serializer, so there is nothing to hold")]
    return [*_cases(baseline, current, allowed), *_fidelity(baseline, current)]


def limited(
    baseline: Result,
    *,
    serializers: Collection[str] | None = None,
    workloads: Collection[str] | None = None,
    collectors: Collection[str] | None = None,
) -> Result:
    """Return a baseline without what nobody asked to have measured.

    Parameters
    ----------
    baseline
        The whole of it.
    serializers
        Names of serializers; None: all of them, as everywhere here.
    workloads
        Names of workloads.
    collectors
        States of the garbage collector, as in `CaseResult.gc`.
    """
    cases = tuple(
        case
        for case in baseline.cases
        if (serializers is None or case.serializer in serializers)
        and (workloads is None or case.workload in workloads)
        and (collectors is None or case.gc in collectors)
    )
    of = _serializers(baseline)
    cells = tuple(cell for cell in baseline.fidelity if serializers is None or of.get(cell.label) in serializers)
    return replace(baseline, cases=cases, fidelity=cells)


def ours(result: Result) -> list[CaseResult]:
    """Return the cases that are held: all but those of rows to compare with."""
    references = {each.name for each in result.serializers if each.reference}
    return [case for case in result.cases if case.serializer not in references]


def our_values(result: Result) -> list[FidelityCell]:
    """Return what became of values, where that is held."""
    references = {label for each in result.serializers if each.reference for label in each.variants}
    return [cell for cell in result.fidelity if cell.label not in references]


def doubtful(baseline: Result, current: Result, allowed: float = ALLOWED) -> set[tuple[str, str]]:
    """Return the workload and the label of each case that looks slower than allowed, whatever its interval.

    It was too noisy to tell, or is slower: measured again with more passes, `failures` can tell.
    """
    found = {_place(case): case for case in current.cases}
    return {
        (before.workload, before.label)
        for before in ours(baseline)
        for operation in GATED
        if (now := found.get(_place(before))) is not None
        and (was := _ratio(before, operation)) is not None
        and (ratio := _ratio(now, operation)) is not None
        and ratio.median * (1 + allowed) < was.median
    }


def notes(baseline: Result, current: Result) -> list[str]:
    """Return what is different and no failure, in a line each."""
    told: list[str] = []
    machine, other = current.machine, baseline.machine
    for what, now, before in (("processor", machine.cpu, other.cpu), ("Python", machine.python, other.python)):
        if now != before:
            told.append(
                f"another {what} than that of the baseline ({now}, not {before}): ratios may differ by that alone"
            )
    told += [f"{name} {version}, not {before}" for name, version, before in _versions(baseline, current)]
    told += unheld(baseline)
    known = {_place(case): case for case in ours(baseline)}
    for case in ours(current):
        before = known.get(_place(case))
        if before is None:
            told.append(f"{_where(case)}: not in the baseline")
        elif case.identity and before.identity is False:
            told.append(f"{_where(case)}: objects that the session shares come back shared now, not as copies")
    return [*told, *_kept_better(baseline, current)]


def unheld(baseline: Result) -> Iterator[str]:
    """Yield what a baseline cannot hold of its own cases, in a line each."""
    for case in ours(baseline):
        missing = [operation for operation in GATED if _ratio(case, operation) is None] if case.verified else []
        if missing:
            yield f"{_where(case)}: no ratio to {BASELINE} for {' and '.join(missing)}, which cannot be held"
        if _varies(case):
            yield f"{_where(case)}: its size is not held, for it varies: {case.varying}"


def _kept_better(baseline: Result, current: Result) -> Iterator[str]:
    fates = {(cell.label, cell.value): cell.fate for cell in baseline.fidelity}
    for cell in our_values(current):
        before = fates.get((cell.label, cell.value))
        if before is None:
            yield f"{_of_value(cell)}: not in the baseline"
        elif _FATES.index(cell.fate) < _FATES.index(before):
            yield f"{_of_value(cell)}: {cell.fate}, which is better than {before}; --update holds it to that"


def _versions(baseline: Result, current: Result) -> Iterator[tuple[str, str, str]]:
    for name, version in current.libraries.items():
        before = baseline.libraries.get(name, "nothing")
        if version != before and name != "memcached-sessions":
            yield name, version, before


def _cases(baseline: Result, current: Result, allowed: float) -> Iterator[Failure]:
    found = {_place(case): case for case in current.cases}
    for before in ours(baseline):
        now, where = found.get(_place(before)), _where(before)
        if now is None:
            reason = _why_absent(current, before.serializer, before.workload)
            yield Failure(where, f"it is in the baseline, and was not measured{reason}")
        elif before.verified != now.verified or before.outcome != now.outcome:
            reason = " ".join(filter(None, (now.path, now.detail)))
            yield Failure(where, f"{now.outcome}, not {before.outcome}: {reason}".rstrip(": "))
        elif before.verified:
            yield from _verified(where, before, now, allowed)


def _verified(where: str, before: CaseResult, now: CaseResult, allowed: float) -> Iterator[Failure]:
    if _varies(now) and not _varies(before):
        yield Failure(where, f"its size varies, and did not: {now.varying}")
    elif now.bytes != before.bytes and not _varies(before):
        yield Failure(where, f"{_size(now)}, not {_size(before)}")
    if before.identity and not now.identity:
        yield Failure(where, "objects that the session shares come back as copies")
    for operation in GATED:
        was, ratio = _ratio(before, operation), _ratio(now, operation)
        if was is None:
            continue  # `unheld` tells
        if ratio is None:
            yield Failure(where, f"{operation} has no ratio to {BASELINE} to hold to that of the baseline")
        elif ratio.high * (1 + allowed) < was.median:
            slower = was.median / ratio.median - 1
            yield Failure(
                where,
                f"{operation} takes {slower:.0%} more, {allowed:.0%} is allowed: {ratio.median:.3g} times as fast as "
                f"pickle ({ratio.low:.3g}-{ratio.high:.3g}), not {was.median:.3g} times",
            )


def _why_absent(current: Result, serializer: str, workload: str | None = None) -> str:
    """Return the reason as the end of a sentence."""
    for kind, name, installed in (
        ("serializer", serializer, {each.name: each.broken for each in current.serializers}),
        ("workload", workload, {each.name: each.broken for each in current.workloads}),
    ):
        if name is not None and name not in installed:
            return f": the {kind} {name} is not installed"
        if name is not None and installed[name]:
            return f": the {kind} {name} is broken: {installed[name]}"
    return ""


def _varies(case: CaseResult) -> bool:
    """Whether worker processes saw payloads of different sizes."""
    return bool(case.varying)


def _size(case: CaseResult) -> str:
    return "no bytes" if case.bytes is None else f"{case.bytes:,} bytes"


def _ratio(case: CaseResult, operation: str) -> Estimate | None:
    return getattr(case.ratio, operation)


def _fidelity(baseline: Result, current: Result) -> Iterator[Failure]:
    of = _serializers(baseline)
    found = {(cell.label, cell.value): cell for cell in current.fidelity}
    tried = {cell.label for cell in current.fidelity}
    held = our_values(baseline)
    for label in dict.fromkeys(cell.label for cell in held if cell.label not in tried):
        count = sum(cell.label == label for cell in held)
        reason = _why_absent(current, of.get(label, label))
        yield Failure(f"fidelity, {label}", f"{count} values are in the baseline, and none was tried{reason}")
    for before in held:
        now = found.get((before.label, before.value))
        if now is None and before.label in tried:
            yield Failure(_of_value(before), "it is in the baseline, and was not tried")
        elif now is not None and _FATES.index(now.fate) > _FATES.index(before.fate):
            yield Failure(_of_value(before), f"{now.fate}, not {before.fate}: {now.detail}".rstrip(": "))


def _where(case: CaseResult) -> str:
    return f"{case.workload}, {case.label}" + ("" if case.gc == "enabled" else " without collector")


def _of_value(cell: FidelityCell) -> str:
    return f"fidelity, {cell.label}, {cell.value}"


def _serializers(result: Result) -> dict[str, str]:
    """Return the serializer of each label."""
    return {label: each.name for each in result.serializers for label in each.variants}


def _place(case: CaseResult) -> tuple[str, str, str]:
    return case.workload, case.label, case.gc
