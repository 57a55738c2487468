"""Explains the words of the tables of a workload beside them, to readers who see such a table for the first time.

Invariant: only what stands in the tables is explained, from the facts of the result.
"""

from collections.abc import Iterator

from ..floor import FLOOR
from ..result import BASELINE, CaseResult, Result
from .reading import COPIES, rows
from .rendering import Bullets

_IMPLEMENTATIONS = {
    "portable": "compiled, through public interfaces of CPython only",
    "python": "in Python alone, as where nothing can be compiled",
}


def glossary(result: Result, workload: str) -> Bullets:
    """Return what the words in the tables of a workload mean, each word before a colon."""
    return Bullets(tuple(_words(rows(result, workload))))


def _words(found: list[CaseResult]) -> Iterator[str]:
    if any(case.label == BASELINE for case in found):
        yield f"{BASELINE}: Python's own pickle without any restriction, which all others are compared with"
        yield f"part of pickle's bytes: of the bytes of {BASELINE}, so 0.5 is half as many"
        yield (
            f"times faster: the time of {BASELINE} by the time of this row, so 2 is twice as fast, and 0.5 takes twice "
            "as long; tie: no difference can be told"
        )
    if others := [case.label for case in found if case.label.startswith("bare-") and case.label != BASELINE]:
        yield f"{', '.join(dict.fromkeys(others))}: a library called without a serializer around it"
    if any(case.identity is False for case in found):
        yield f"{COPIES.strip()}: objects that the session shares came back as separate, equal objects"
    for case in found:
        if case.verified and case.varying:
            yield f"bytes of {case.label}: those of one process; {case.varying}"
    variants = {case.label: case for case in found if case.label.startswith(f"{case.serializer}-") and case.options}
    for label, case in variants.items():
        yield f"{label}: {case.serializer} {_options(case)}"
    if any(case.label == FLOOR for case in found):
        yield f"{FLOOR}: no serializer; it makes the same objects in C, of no bytes"
    if any(case.loads_over_floor for case in found):
        yield f"loads by the floor's: the time of loads by that of {FLOOR}, so 1.25 is a quarter more"


def _options(case: CaseResult) -> str:
    implementation = case.options.get("implementation")
    if len(case.options) == 1 and (words := _IMPLEMENTATIONS.get(str(implementation))):
        return words
    return f"with {', '.join(f'{name}={value}' for name, value in case.options.items())}"
