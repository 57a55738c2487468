"""The interpreters of a run: fresh, with all plug-ins imported and all workloads known."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from .isolation.interpreter import Interpreter

MEMORY = 4 << 30
"""Bytes of address space that a child may take beyond what its interpreter has."""

Preparation = tuple[str, dict[str, object]]
"""A task that an interpreter begins with, and its arguments."""


@contextmanager
def prepared(preparations: Sequence[Preparation]) -> Generator[Interpreter, None, None]:
    """Run a fresh interpreter that has all plug-ins imported, and has carried out further tasks."""
    with Interpreter() as interpreter:
        interpreter.prepare(f"{__package__}.errand:prepare", {})
        for task, arguments in preparations:
            interpreter.prepare(task, arguments)
        yield interpreter
