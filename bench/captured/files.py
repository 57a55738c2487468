"""Captured sessions written into a folder, so that somebody else can measure them.

Invariant: nothing that is there is written over, and what is written only its owner can read.
"""

import os
from pathlib import Path

from ...manager.admin.sources.stored_values import load_converters
from ...serializers import ConverterRegistry, SerializationError, get_serializer
from .capture import Capture
from .errors import CaptureError


def write_sessions(capture: Capture, folder: Path, name: str) -> None:
    """Write each session into a file of its own.

    Parameters
    ----------
    capture
        The sessions.
    folder
        Is made; where it is there already it has to be empty.
    name
        Of the serializer that writes them.

    Raises
    ------
    CaptureError
        The folder holds something, or a session has a value that the format does not keep.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CaptureError(f"{folder} is not empty: give a new folder")
    registry = ConverterRegistry()
    load_converters(registry, capture.converters)
    serializer = get_serializer(name, registry)
    workload = capture.workload_info().workload
    assert workload is not None  # noqa: S101 - a capture's is never broken
    for number, session in enumerate(workload.sessions(), 1):
        try:
            payload = serializer.dumps(session)
        except SerializationError as error:
            raise CaptureError(f"session {number}, {error}; --format compact keeps everything") from error
        path = folder / f"session-{number:05d}.{name}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(payload)
