"""``session-bench list``: what is installed, where it comes from, and what is broken or lacks a library."""

import sys
from argparse import ArgumentParser, Namespace

from ...serializers import SerializerInfo, available_serializers
from ..references import reference_infos
from ..workload import WorkloadInfo, available_workloads
from .command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("list", help="print the installed serializers and workloads")
    parser.set_defaults(command=list_installed)


def list_installed(parser: ArgumentParser, options: Namespace) -> int:
    """Print what there is."""
    del parser, options
    lines = ["serializers"]
    lines += [_listed(each, each.implementation) for each in available_serializers().values()]
    lines += ["references"]
    lines += [f"  {each.name:<18} {each.broken or each.implementation}" for each in reference_infos().values()]
    lines += ["workloads"]
    lines += [
        _listed(each, each.workload.description if each.workload else "") for each in available_workloads().values()
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    return 0


def _listed(info: SerializerInfo | WorkloadInfo, about: str) -> str:
    what = about
    if info.broken:
        lacking = isinstance(info, SerializerInfo) and not info.installed
        what = f"{'not installed' if lacking else 'broken'}: {info.broken}"
    return f"  {info.name:<16} {f'{info.distribution} {info.version}'.strip()}: {what}"
