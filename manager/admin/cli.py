"""``memcached-sessions``: what nodes and sessions are like, without a change to either, and the demo.

Invariants: standard output has the report alone, errors go to standard error; a session id is in neither,
unless the user has named a file by it.
"""

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from ...serializers import DEFAULT
from ...serializers.formats.foreign_pickle import PickleReader
from ...serializers.stand_in_converters import StandInConverters
from ..demo.command import add_demo
from ..errors import ConfigurationError
from .command_settings import GivenOptions, settings_for
from .inspect_output import inspect_json, inspect_text
from .inspection import inspect, key_of
from .node_report import all_primaries_usable, node_reports
from .nodes_output import nodes_json, nodes_text
from .sources.errors import SourceError
from .sources.source import LIMIT, SCHEME, limit_of, sessions_at
from .sources.stored_values import load_converters
from .types_output import types_json, types_text
from .types_report import types_report

VALUE_LIMIT = 200
"""Characters of a value that are shown."""

FULL_VALUE_LIMIT = 1_000_000
"""Characters with ``--full``: a value that shares objects can be far longer than the item that it came in."""

_SECRET = re.compile(r"[0-9a-fA-F]{16,}")
_SETTINGS = """\
The settings are those of the application: --config FILE.toml, else environment variables MEMCACHED_SESSIONS_...
Options stand before them. User name and password, TLS and time limits are settings only.
"""
_NODES_STATUS = """
exit status: 0 all primaries can be used; 1 one of them cannot; 2 wrong arguments or settings
"""
_INSPECT_STATUS = """
exit status: 0 found, be it a tombstone; 1 not found, or not decided because a node did not answer;
2 wrong arguments or settings
"""
_TYPES_STATUS = """
exit status: 0 everything that was read can be kept, by one serializer at least; 1 a class in the sessions is not
registered, or its converter fails, or no serializer keeps all; 2 wrong arguments or settings, or no session to look at
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv
        The arguments; those of the process if None.

    Returns
    -------
    The exit status, as the help of each command says.

    Raises
    ------
    SystemExit
        With status 2 for arguments that are wrong, 0 for help.
    """
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
    except (ConfigurationError, SourceError) as error:
        sys.stderr.write(f"memcached-sessions: {_redacted(str(error))}\n")
        return 2
    except BrokenPipeError:
        # Whoever read has seen enough. Python's own flush at exit would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        sys.stderr.write("memcached-sessions: interrupted\n")
        return 128 + signal.SIGINT
    return status


class _Parser(argparse.ArgumentParser):
    """Leaves ids out of its complaints, which end in logs where a script runs the command."""

    def error(self, message: str) -> NoReturn:
        super().error(_redacted(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="memcached-sessions",
        description="Shows memcached nodes and the sessions on them, and changes nothing there; `demo` starts its own.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = _common_options()

    def add(
        name: str, command: Callable[[argparse.Namespace], int], status: str, *, help_: str, description: str
    ) -> _Parser:
        parser = commands.add_parser(
            name,
            parents=[common],
            help=help_,
            description=description,
            epilog=_SETTINGS + status,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        parser.set_defaults(command=command)
        return parser

    add(
        "nodes",
        _nodes,
        _NODES_STATUS,
        help_="show whether each node answers, and how it does",
        description="Asks all nodes at the same time whether they can keep sessions, and how full they are.",
    )
    inspect_ = add(
        "inspect",
        _inspect,
        _INSPECT_STATUS,
        help_="show what each node holds of one session",
        description="Looks for a session on all nodes, and shows header, sizes and attributes of each copy.",
    )
    inspect_.add_argument(
        "session",
        metavar="ID-OR-KEY",
        help="the cookie's value, a storage key, or its 40 digits; - reads one of them from standard input, which "
        "keeps an id, the secret of a session, from the shell's history and the list of processes",
    )
    inspect_.add_argument("--values", action="store_true", help=f"show values too, up to {VALUE_LIMIT} characters each")
    inspect_.add_argument("--full", action="store_true", help=f"show values up to {FULL_VALUE_LIMIT} characters")
    types = add(
        "types",
        _types,
        _TYPES_STATUS,
        help_="show which types are in your sessions, and which of them need a converter",
        description="Looks at sessions in a folder or on running nodes: types and sizes, which serializers keep them, "
        "and what has to be registered. Pickles of other applications are read without importing anything of them.",
    )
    types.add_argument(
        "source",
        metavar="SOURCE",
        help=f"a folder with a session in each file (.json, .msgpack, .cbor, .compact, .pickle, .session), or "
        f"{SCHEME}HOST:PORT,...; {SCHEME} alone: the nodes of the settings",
    )
    types.add_argument(
        "--limit", type=limit_of, default=LIMIT, metavar="N", help=f"look at a random sample of so many ({LIMIT:,})"
    )
    types.add_argument(
        "--converters",
        action="append",
        default=[],
        metavar="MODULE[:FUNCTION]",
        help="what registers classes of the application: a function that takes a registry, or a module with classes "
        "under @register; may be repeated",
    )
    add_demo(commands)
    return parser


def _common_options() -> _Parser:
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object")
    settings = common.add_argument_group("settings")
    settings.add_argument("--config", type=Path, metavar="FILE.toml", help="the file with a table [memcached-sessions]")
    settings.add_argument("--nodes", metavar="NODES", help="all nodes, as memcached_nodes: 'n1:host:port n2:host:port'")
    settings.add_argument("--failover-nodes", metavar="NAMES", help="which of them are for failover only")
    settings.add_argument("--storage-key-prefix", metavar="PREFIX", help="what storage keys begin with")
    settings.add_argument(
        "--signing-key-file", type=Path, metavar="FILE", help="keys, one a line, as in signing_keys, to verify with"
    )
    return common


def _nodes(options: argparse.Namespace) -> int:
    reports = node_reports(settings_for(_given(options)))
    _print(nodes_json(reports).split("\n") if options.json else nodes_text(reports))
    return 0 if all_primaries_usable(reports) else 1


def _inspect(options: argparse.Namespace) -> int:
    settings = settings_for(_given(options))
    DEFAULT.import_libraries()  # as the application has, whose values these are
    typed: str = options.session
    key = key_of(sys.stdin.readline().strip() if typed == "-" else typed, settings.storage_key_prefix)
    if key is None:
        raise ConfigurationError(
            "this is neither a session id (32 hexadecimal digits, and perhaps node and route) nor a storage key "
            "(a prefix and 40 hexadecimal digits)"
        )
    value_limit = FULL_VALUE_LIMIT if options.full else VALUE_LIMIT if options.values else None
    findings = inspect(settings, key, value_limit=value_limit)
    _print(inspect_json(key, findings).split("\n") if options.json else inspect_text(key, findings))
    return 0 if any(finding.copy is not None for finding in findings) else 1


def _types(options: argparse.Namespace) -> int:
    registry = StandInConverters()
    try:
        load_converters(registry, options.converters)
    except ValueError as error:
        raise ConfigurationError(f"--converters: {error}") from error
    read = sessions_at(
        options.source,
        registry,
        given=_given(options),
        config_option="--config",
        limit=options.limit,
        pickles=PickleReader(registry).loads,
    )
    report = types_report(read.found, registry)
    _print(types_json(report).split("\n") if options.json else types_text(report))
    return 0 if report.all_kept else 1


def _given(options: argparse.Namespace) -> GivenOptions:
    return GivenOptions(
        config=options.config,
        nodes=options.nodes,
        failover_nodes=options.failover_nodes,
        storage_key_prefix=options.storage_key_prefix,
        signing_key_file=options.signing_key_file,
    )


def _print(lines: Sequence[str]) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        # What a terminal's encoding does not have is escaped too, instead of an error in the middle of a report.
        sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _redacted(message: str) -> str:
    return _SECRET.sub("(an id)", message)
