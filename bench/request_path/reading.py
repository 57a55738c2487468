"""Reads a `RequestPathResult` back from its JSON file, equal; it is written as every other result of the bench.

Invariant: what is read is checked field by field, and a file of another kind or version is refused by name.
"""

from pathlib import Path

from ..result_file import read_result_of
from .result import KIND, SCHEMA, RequestPathResult


def read_result(path: Path) -> RequestPathResult:
    """Read what ``session-bench request-path --output`` wrote.

    Raises
    ------
    OSError
        The file cannot be read.
    ResultFileError
        It holds no such result, or one of another version.
    """
    return read_result_of(RequestPathResult, path, schema=SCHEMA, command="session-bench request-path", kind=KIND)
