"""Reads a `RequestPathResult` back from its JSON file, equal; it is written as every other result of the bench.

Invariant: what is read is checked field by field, and a file of another kind or version is refused by name.
"""

import json
from pathlib import Path
from typing import Any, cast

from ..result_file import (
    ResultFileError,
    _MisfitError,  # pyright: ignore[reportPrivateUsage]
    _read,  # pyright: ignore[reportPrivateUsage]
)
from .result import SCHEMA, RequestPathResult


def read_result(path: Path) -> RequestPathResult:
    """Read what ``session-bench request-path --output`` wrote.

    Raises
    ------
    OSError
        The file cannot be read.
    ResultFileError
        It holds no such result, or one of another version.
    """
    again = "write it again with session-bench request-path --output"
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ResultFileError(f"{path} is no JSON ({error}): {again}") from error
    found = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    if found.get("kind") != "request-path":
        raise ResultFileError(f"{path} is no result of session-bench request-path: {again}")
    if found.get("schema") != SCHEMA:
        raise ResultFileError(f"{path} has schema {found.get('schema')!r} and this version reads {SCHEMA}: {again}")
    try:
        return _read(RequestPathResult, data, "result")
    except _MisfitError as error:
        raise ResultFileError(f"{path} is damaged: {error}: {again}") from error
