"""Writes a result, which is any frozen dataclass, to a JSON file and reads it back, equal.

Invariant: a file is either whole or not there, and what is read is checked field by field: a file of another version,
a truncated one or one made by hand with a mistake is refused with the place of the mistake.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .result import SCHEMA, Result

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Result = TypeVar("_Result")


class ResultFileError(ValueError):
    """A file holds no result that this version can read; the message has the file, the place and what to do."""


def write_result(result: "DataclassInstance", path: Path) -> None:
    """Write a result, replacing the file at once; missing folders are made.

    Parameters
    ----------
    result
        A dataclass of what JSON has: other dataclasses, tuples, mappings by text, enums of text, text, numbers, None.
    path
        Of the file.

    Raises
    ------
    OSError
        The file cannot be written; what was there before is still there.
    """
    text = json.dumps(asdict(result), indent=1, ensure_ascii=False, allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", suffix=".new", delete=False
    ) as file:
        try:
            file.write(text + "\n")
            file.flush()
            # A temporary file is private to its owner; a result is as readable as the umask lets other files be.
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def read_result(path: Path, *, again: str = "session-bench --output") -> Result:
    """Read a comparison of serializers that `write_result` wrote.

    Parameters
    ----------
    path
        Of the file.
    again
        What writes such a file: what an error tells to run.

    Raises
    ------
    OSError
        The file cannot be read.
    ResultFileError
        It holds no such result, or one of another version.
    """
    return read_result_of(Result, path, schema=SCHEMA, command="session-bench", again=again)


def checked(result: Result) -> Result:
    """Return a result that was made of what others wrote, if `write_result` and `read_result` keep it.

    Raises
    ------
    ValueError
        They do not; the message has the place.
    """
    return _read(Result, json.loads(json.dumps(asdict(result))), "result")


def read_result_of(
    cls: type[_Result],
    path: Path,
    *,
    schema: int,
    command: str,
    kind: str | None = None,
    again: str | None = None,
) -> _Result:
    """Read a result of a class that `write_result` wrote.

    Parameters
    ----------
    cls
        A dataclass with a field ``schema``.
    path
        Of the file.
    schema
        The version of its shape that can be read.
    command
        What writes it with ``--output``: what an error tells to run.
    kind
        What its field ``kind`` must be; None: it has none.
    again
        What an error tells to run instead.

    Raises
    ------
    OSError
        The file cannot be read.
    ResultFileError
        It holds no such result, or one of another version.
    """
    again = f"write it again with {again or f'{command} --output'}"
    try:
        data: object = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ResultFileError(f"{path} is no JSON ({error}): {again}") from error
    found = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    if "schema" not in found:
        raise ResultFileError(f"{path} is no result of {command}, it has no 'schema' at its top: {again}")
    if found.get("kind") != kind:
        raise ResultFileError(f"{path} is no result of {command}: {again}")
    if found["schema"] != schema:
        raise ResultFileError(
            f"{path} has schema {found['schema']!r} and this version reads {schema}: "
            f"use the version of memcached-sessions that wrote it, or {again}"
        )
    try:
        return _read(cls, data, "result")
    except _MisfitError as error:
        raise ResultFileError(f"{path} is damaged: {error}: {again}") from error


class _MisfitError(ValueError):
    """Something in the file is not what it should be; the message says where."""


def _read(expected: Any, data: Any, where: str) -> Any:
    """Return data of a JSON file as a value of the expected type, which is one of those that results are made of."""
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in (Union, UnionType):
        return _read_one_of(arguments, data, where)
    if origin is tuple:
        _demand(isinstance(data, list), where, "a list", data)
        return tuple(_read(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(data))
    if origin is Mapping:
        _demand(isinstance(data, dict), where, "an object", data)
        return {key: _read(arguments[1], item, f"{where}.{key}") for key, item in data.items()}
    if is_dataclass(expected):
        return _read_fields(cast("type", expected), data, where)
    if issubclass(expected, StrEnum):
        _demand(data in list(expected), where, f"one of {', '.join(expected)}", data)
        return expected(data)
    if expected is float:  # JSON does not tell 2.0 from 2
        _demand(type(data) in (int, float) and _is_finite(data), where, "a finite number", data)
        return float(data)
    _demand(type(data) is expected, where, f"of type {expected.__name__}", data)
    return data


def _is_finite(number: float) -> bool:
    try:
        return isfinite(number)
    except OverflowError:  # an integer beyond every float
        return False


def _read_one_of(expected: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and NoneType in expected:
        return None
    candidates = [each for each in expected if each is not NoneType]
    exact = [each for each in candidates if each is type(data)]
    return _read((exact or candidates)[0], data, where)


def _read_fields(cls: type, data: Any, where: str) -> Any:
    _demand(isinstance(data, dict), where, "an object", data)
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for each in fields(cls):
        if each.name in data:
            values[each.name] = _read(hints[each.name], data[each.name], f"{where}.{each.name}")
        elif each.default is MISSING and each.default_factory is MISSING:
            raise _MisfitError(f"{where}.{each.name} is missing")
    return cls(**values)


def _demand(fits: bool, where: str, wanted: str, data: object) -> None:  # noqa: FBT001 - the condition itself
    if not fits:
        raise _MisfitError(f"{where} should be {wanted}, not {json.dumps(data)[:40]}")


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
