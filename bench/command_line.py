"""The command as it was asked for, which a result tells its reader.

Invariant: names of files are no part of it, for they are nobody's business but the user's.
"""

from argparse import Namespace
from collections.abc import Iterable
from typing import Any, cast


def command_line(command: str, options: Namespace, names: Iterable[str]) -> str:
    """Return a command with those of its options that were given.

    Parameters
    ----------
    command
        The words before the options.
    options
        As they were parsed.
    names
        Of the options to tell, as attributes of `options`: no files.

    >>> options = Namespace(workload=["login", "cart"], local_sessions=True, passes=None, quick=False)
    >>> command_line("session-bench", options, ("workload", "passes", "local_sessions", "quick"))
    'session-bench --workload login --workload cart --local-sessions'
    """
    words = [command]
    for name in names:
        option, given = f"--{name.replace('_', '-')}", getattr(options, name)
        values = cast("list[Any]", given) if isinstance(given, list) else [given]
        for value in values:
            if value is True:
                words.append(option)
            elif value:
                words += [option, str(value)]
    return " ".join(words)
