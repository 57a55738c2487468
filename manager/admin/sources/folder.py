"""Sessions from a folder of files, one session a file; the suffix says what wrote it.

``.json``, ``.msgpack``, ``.cbor``, ``.compact`` and ``.pickle`` are payloads of the serializers of these names; pickles
are read by the restricted reader. ``.session`` is a stored value of the session manager as it lies in
memcached; the name before the suffix is its storage key, with ``%`` and two digits for what a file's name cannot have.

Invariants: no file is passed over in silence; none is read that is larger than a session can be.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import unquote

from ....serializers import ConverterRegistry, get_serializer
from ...errors import UndecodableError
from .errors import SourceError
from .found import Found, reason_of
from .stored_values import DESTROYED, StoredValues

FORMATS = ("json", "msgpack", "cbor", "compact", "pickle")
"""The serializers whose payloads are read, and their suffixes."""

STORED = ".session"

LARGEST = 64 << 20
"""Bytes of a file: more than any memcached keeps that is not told otherwise, by far."""


def sessions_of_folder(
    folder: Path,
    registry: ConverterRegistry,
    stored_values: Callable[[], StoredValues],
    *,
    limit: int,
    random: Random,
    pickles: Callable[[bytes], object] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """Return the sessions in a folder and the folders in it.

    Parameters
    ----------
    folder
        Where the files are.
    registry
        The converters of the classes in the sessions.
    stored_values
        Makes what opens stored values; called when there is one.
    limit
        How many files are read at most; of more, so many are drawn.
    random
        What is drawn from.
    pickles
        Reads the pickles instead of the serializer `pickle`; raises ValueError at what it cannot read.
    progress
        Called with the files that were read and how many are to be.

    Raises
    ------
    SourceError
        There is no folder or no session in it; a file that could not be read is named.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder} is no folder: give one with a file for each session")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = Found(total=len(files))
    if len(files) > limit:
        files = random.sample(files, limit)
    reader = _Reader(registry, stored_values, pickles)
    for number, file in enumerate(files, 1):
        _add(found, file, reader)
        if progress:
            progress(number, len(files))
    if not found.sessions:
        raise SourceError(_nothing(folder, found))
    return found


class _Reader:
    def __init__(
        self,
        registry: ConverterRegistry,
        stored_values: Callable[[], StoredValues],
        pickles: Callable[[bytes], object] | None,
    ) -> None:
        self._registry = registry
        self._make_stored_values = stored_values
        self._stored_values: StoredValues | None = None
        self._loads: dict[str, Callable[[bytes], object]] = {} if pickles is None else {"pickle": pickles}

    def stored_values(self) -> StoredValues:
        if self._stored_values is None:
            self._stored_values = self._make_stored_values()
        return self._stored_values

    def loads(self, name: str, data: bytes) -> object:
        if name not in self._loads:
            self._loads[name] = get_serializer(name, self._registry).loads
        return self._loads[name](data)


def _add(found: Found, file: Path, reader: _Reader) -> None:
    name = file.suffix.removeprefix(".")
    if file.suffix != STORED and name not in FORMATS:
        found.pass_over(f"its name ends with none of {', '.join((*FORMATS, STORED[1:]))}", file.name)
        return
    try:
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            data = opened.read() if size <= LARGEST else b""
    except OSError as error:
        found.pass_over(f"it cannot be opened: {error.strerror}", file.name)
        return
    if size > LARGEST:
        found.pass_over(f"it has more than {LARGEST >> 20} MiB, which no session has", file.name)
        return
    if file.suffix == STORED:
        try:
            session = reader.stored_values().session(unquote(file.name.removesuffix(STORED)), data)
        except UndecodableError as error:
            found.pass_over(reader.stored_values().reason(error), file.name)
            return
    else:
        try:
            session = reader.loads(name, data)
        except ValueError as error:
            found.pass_over(reason_of(f"{name} cannot read it", error), file.name)
            return
    if session is None and file.suffix == STORED:
        found.pass_over(DESTROYED, file.name)
    else:
        found.add(session, file.name)


def _nothing(folder: Path, found: Found) -> str:
    if not found.total:
        return f"{folder} holds no file: put sessions into it, one a file, named by their format (.json, .compact, ...)"
    reason, count = found.unread.most_common(1)[0]
    first = found.examples[reason] + (f" and {count - 1} more" if count > 1 else "")
    return f"none of the {found.total} files of {folder} is a session. {first}: {reason}"
