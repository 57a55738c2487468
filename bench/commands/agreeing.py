"""``session-bench compare``: whether two results contradict each other."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..ranking import Pair, agreement
from ..result_file import read_result
from .command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("compare", help="say whether two results rank serializers in opposite orders")
    parser.set_defaults(command=compare)
    parser.add_argument("one", type=Path, metavar="ONE.json")
    parser.add_argument("other", type=Path, metavar="OTHER.json")


def compare(parser: ArgumentParser, options: Namespace) -> int:
    """Compare the rankings of two results; the status is 1 if they contradict each other."""
    found = agreement(read_result(options.one), read_result(options.other))
    count = len(found.contradictions)
    total = found.same + found.undecided + count
    if not total:
        parser.error(
            f"{options.one} and {options.other} have no pair of timed serializers in common: compare results that "
            f"`session-bench --output` wrote, with two verified serializers on one workload (baselines of `gate` keep "
            f"no times of single passes)"
        )
    sys.stdout.write(
        f"{total:,} pairs of serializers: {found.same:,} ranked alike, "
        f"{found.undecided:,} a tie in one result alone, {count:,} in opposite orders\n"
    )
    for one, other in found.contradictions:
        sys.stdout.write(f"- {one.workload}, {one.operation}: {_told(one)}; {_told(other)}\n")
    return 1 if count else 0


def _told(pair: Pair) -> str:
    ratio = pair.ratio
    return f"{pair.one} {ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f}) times as fast as {pair.other}"
