"""``session-bench gate``: measure what a baseline has, and fail if it is not as it was."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ...serializers.plugins import installed
from ..captured.capture import NAME as CAPTURED
from ..gate import ALLOWED, GATED, Failure, doubtful, failures, limited, notes, our_values, ours, unheld
from ..levels import GATE, Measure
from ..offered import offered
from ..progress import ProgressBar
from ..ranking import with_samples
from ..result import BASELINE, CaseResult, Result
from ..result_file import ResultFileError, read_result, write_result
from ..run import Plan, run, stages
from ..workload import WORKLOADS
from .command import Commands
from .comparing import COLLECTOR, add_what, plan_of

CONFIRMATION = 3
"""What looks slower than allowed is measured again with so many times the passes, and that decides; a baseline is
written with as many."""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "gate",
        help="fail if bytes, fidelity or speed relative to pickle are not as in a baseline",
        description="Measures the cases of a baseline and compares. Status 0: as it was; 1: not.",
    )
    # Every level takes what is held; a part of it alone, or a row twice, is nothing to hold.
    parser.set_defaults(command=gate, level=GATE.name, measure=None, twice=None)
    parser.add_argument("baseline", type=Path, metavar="BASELINE.json", help="what gate --update wrote")
    parser.add_argument(
        "--allowed",
        type=_part,
        default=ALLOWED,
        metavar="PART",
        help=f"how much longer an operation may take, relative to pickle, as a part of its time ({ALLOWED})",
    )
    parser.add_argument("--update", action="store_true", help="write the baseline, of its cases or of those named here")
    add_what(parser)


def gate(parser: ArgumentParser, options: Namespace) -> int:
    """Hold what is installed to a baseline, or write the baseline."""
    with ExitStack() as stack:
        return _gate(parser, options, options.baseline, stack)


def _gate(parser: ArgumentParser, options: Namespace, path: Path, stack: ExitStack) -> int:
    if options.update:
        return _update(parser, options, path, stack)
    baseline = _read(path)
    asked = _as_before(options, baseline)
    plan = plan_of(parser, asked, stack)
    held = limited(
        baseline,
        serializers=options.serializer,
        workloads=options.workload,
        collectors=None if asked.gc == "both" else [asked.gc],
    )
    if not ours(held):
        raise ResultFileError(
            f"{path} has no case of what is to be held: name others, or write a baseline that has it with "
            f"{_updating(path)} --serializer NAME --workload NAME"
        )
    current = _run(plan)
    if cases := doubtful(held, current, options.allowed):
        current = _with(current, _run(_longer(plan, cases)), cases)
    return _told(path, failures(held, current, options.allowed), notes(held, current), held)


def _update(parser: ArgumentParser, options: Namespace, path: Path, stack: ExitStack) -> int:
    try:
        options = _as_before(options, _read(path)) if path.exists() else options
    except ResultFileError as error:
        sys.stderr.write(f"session-bench: {error}; it is written anew, of what is named here or of what is installed\n")
    result = with_samples(_run(_with_more_passes(plan_of(parser, options, stack))), ())
    if not ours(result):
        raise ResultFileError(f"{path} is not written, for no serializer could be measured: name one that is installed")
    write_result(result, path)
    for remark in unheld(result):
        sys.stdout.write(f"note: {remark}\n")
    return 0


def _read(path: Path) -> Result:
    try:
        return read_result(path, again=_updating(path))
    except FileNotFoundError as error:
        raise ResultFileError(f"there is no baseline {path}: write it with {_updating(path)}") from error


def _updating(path: Path) -> str:
    return f"session-bench gate {path} --update"


def _as_before(options: Namespace, baseline: Result) -> Namespace:
    """Return the options, with what the baseline has where nothing is named."""
    told = Namespace(**vars(options))
    serializers = offered()
    workloads = {*installed(WORKLOADS), *([CAPTURED] if options.sessions else [])}
    told.serializer = options.serializer or _there({case.serializer for case in baseline.cases}, serializers)
    told.workload = options.workload or _there({case.workload for case in baseline.cases}, workloads)
    states = sorted({case.gc for case in baseline.cases})
    told.gc = options.gc or ("both" if len(states) > 1 else "".join(states) or COLLECTOR)
    return told


def _there(names: Iterable[str], available: Collection[str]) -> list[str]:
    """Return the names of what is installed; all of them if nothing is, which `plan_of` complains of."""
    ordered = sorted(names)
    return [name for name in ordered if name in available] or ordered


def _run(plan: Plan) -> Result:
    with ProgressBar(stages(plan)) as progress:
        return run(plan, progress)


def _longer(plan: Plan, cases: Collection[tuple[str, str]]) -> Plan:
    """Return a plan for some cases, with more passes."""
    workloads, labels = {workload for workload, _ in cases}, {label for _, label in cases}
    few = replace(
        plan,
        serializers=[info for info in plan.serializers if info.name == BASELINE or labels & set(info.variants)],
        workloads=[info for info in plan.workloads if info.name in workloads],
        measures=(Measure.TIMING,),
    )
    return _with_more_passes(few)


def _with_more_passes(plan: Plan) -> Plan:
    passes = replace(plan.level.passes, count=plan.level.passes.count * CONFIRMATION)
    return replace(plan, level=replace(plan.level, passes=passes))


def _with(result: Result, again: Result, cases: Collection[tuple[str, str]]) -> Result:
    """Return a result with some cases as they were measured again, as far as that says more than was known."""
    anew = {
        (case.workload, case.label, case.gc): case
        for case in again.cases
        if (case.workload, case.label) in cases and _decides(case)
    }
    found = tuple(anew.get((case.workload, case.label, case.gc), case) for case in result.cases)
    return replace(result, cases=found)


def _decides(case: CaseResult) -> bool:
    """Whether it can be held: it failed now, or has all ratios, for which the baseline of the run did not fail."""
    return not case.verified or all(getattr(case.ratio, operation) is not None for operation in GATED)


def _told(path: Path, failed: list[Failure], remarks: list[str], held: Result) -> int:
    for remark in remarks:
        sys.stdout.write(f"note: {remark}\n")
    for failure in failed:
        sys.stdout.write(f"failed: {failure}\n")
    if failed:
        sys.stdout.write(f"If that is intended, write the baseline anew: {_updating(path)}\n")
        return 1
    sys.stdout.write(f"as in the baseline: {len(ours(held))} cases, {len(our_values(held))} values\n")
    return 0


def _part(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = -1.0
    if not 0 < part < 10:
        raise ArgumentTypeError(f"{text!r} is no part such as 0.15, which allows 15 % more")
    return part
