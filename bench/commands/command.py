"""What a command of ``session-bench`` is for the parser: a name, arguments, and a function that returns a status."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar

_Info = TypeVar("_Info")

Command = Callable[[ArgumentParser, Namespace], int]
"""Is given the parser, for errors, and what was asked for; returns the exit status."""


class Commands(Protocol):
    """The commands of a parser, as argparse has them."""

    def add_parser(self, name: str, **options: Any) -> ArgumentParser:
        """Add one."""
        ...


def chosen(
    parser: ArgumentParser, kind: str, names: list[str] | None, available: Mapping[str, _Info], *always: str
) -> list[_Info]:
    """Return what was asked for by name, in the order of what there is; all of it if nothing was.

    Parameters
    ----------
    parser
        Ends the command with an error if a name is not there.
    kind
        What the names are of, for the error.
    names
        As they were given.
    available
        What there is.
    always
        Names that are chosen along with any.
    """
    for name in names or ():
        if name not in available:
            near = get_close_matches(name, available, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"Installed: {', '.join(available)}."
            parser.error(f"no {kind} is called {name!r}. {hint}")
    wanted = [*names, *always] if names else list(available)
    return [info for name, info in available.items() if name in wanted]
