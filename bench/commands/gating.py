"""``session-bench gate``: measure what a baseline has, and fail if it is not as it was."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ..gate import ALLOWED, Failure, doubtful, failures, notes
from ..levels import GATE, Measure
from ..progress import ProgressBar
from ..result import BASELINE, CaseResult, Result
from ..result_file import read_result, write_result
from ..run import Plan, run, stages
from .command import Commands
from .comparing import add_what, plan_of

CONFIRMATION = 3
"""What looks slower than allowed is measured again with so many times the passes, and that decides."""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "gate",
        help="fail if bytes, fidelity or speed relative to pickle are not as in a baseline",
        description="Measures the cases of a baseline and compares. Status 0: as it was; 1: not.",
    )
    parser.set_defaults(command=gate, level=GATE.name)
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
        plan = plan_of(parser, _as_before(options, read_result(path)) if path.exists() else options, stack)
        write_result(_for_keeping(_run(plan)), path)
        return 0
    baseline = read_result(path)
    plan = plan_of(parser, _as_before(options, baseline), stack)
    current = _run(plan)
    if cases := doubtful(baseline, current, options.allowed):
        current = _with(current, _run(_longer(plan, cases)), cases)
    return _told(path, failures(baseline, current, options.allowed), notes(baseline, current), current)


def _as_before(options: Namespace, baseline: Result) -> Namespace:
    """Return the options, with the serializers and workloads of the baseline where none are named."""
    told = Namespace(**vars(options))
    told.serializer = options.serializer or sorted({case.serializer for case in baseline.cases})
    told.workload = options.workload or sorted({case.workload for case in baseline.cases})
    return told


def _run(plan: Plan) -> Result:
    with ProgressBar(stages(plan)) as progress:
        return run(plan, progress)


def _longer(plan: Plan, cases: Collection[tuple[str, str]]) -> Plan:
    """Return a plan for some cases, with more passes."""
    workloads, labels = {workload for workload, _ in cases}, {label for _, label in cases}
    passes = replace(plan.level.passes, count=plan.level.passes.count * CONFIRMATION)
    return replace(
        plan,
        serializers=[info for info in plan.serializers if info.name == BASELINE or labels & set(info.variants)],
        workloads=[info for info in plan.workloads if info.name in workloads],
        level=replace(plan.level, passes=passes),
        measures=(Measure.TIMING,),
    )


def _with(result: Result, again: Result, cases: Collection[tuple[str, str]]) -> Result:
    """Return a result with some cases as they were measured again."""
    anew = {(case.workload, case.label, case.gc): case for case in again.cases if (case.workload, case.label) in cases}
    found = tuple(anew.get((case.workload, case.label, case.gc), case) for case in result.cases)
    return replace(result, cases=found)


def _told(path: Path, failed: list[Failure], remarks: list[str], current: Result) -> int:
    for remark in remarks:
        sys.stdout.write(f"note: {remark}\n")
    for failure in failed:
        sys.stdout.write(f"failed: {failure}\n")
    if failed:
        sys.stdout.write(f"If that is intended, write the baseline anew: session-bench gate {path} --update\n")
        return 1
    cases = sum(case.verified for case in current.cases)
    sys.stdout.write(f"as in the baseline: {cases} cases, {len(current.fidelity)} values\n")
    return 0


def _for_keeping(result: Result) -> Result:
    """Return a result without what only pairs of cases of one run are compared by."""
    return replace(result, cases=tuple(_without_samples(case) for case in result.cases))


def _without_samples(case: CaseResult) -> CaseResult:
    return replace(case, samples={})


def _part(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = -1.0
    if not 0 < part < 10:
        raise ArgumentTypeError(f"{text!r} is no part such as 0.15, which allows 15 % more")
    return part
