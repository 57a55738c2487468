"""The user's own sessions as a workload, made once and rebuilt in every process that measures.

Invariants: they are anonymous unless the user has said otherwise; they leave this process in a file that only the
user's own account can read, and that is gone afterwards; keys and settings of the site are not in it.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from ... import __version__
from ...manager.admin.command_settings import GivenOptions
from ...manager.admin.sources.errors import SourceError
from ...manager.admin.sources.found import Found
from ...manager.admin.sources.source import LIMIT, SCHEME, Progress, sessions_at
from ...manager.admin.sources.stored_values import load_converters
from ...serializers import ConverterRegistry, SerializationError, get_serializer
from ..errand import add_workload
from ..workload import Workload, WorkloadInfo
from .anonymizer import AnonymizationError, Anonymizer
from .errors import CaptureError

NAME = "captured"
"""Of the workload."""

_TASK = "memcached_sessions.bench.captured.capture:prepare"
_KEEPER = "pickle"
"""The serializer that keeps sessions between processes: it keeps all types and what is shared, and, restricted, it
makes nothing but what is registered. It is a file of our own account that it reads."""
_NOT_KEPT = f"it cannot be handed to other processes by {_KEEPER}"


@dataclass(frozen=True)
class Capture:
    """Sessions that were captured."""

    payloads: tuple[bytes, ...]
    """Of each session, as this package's own ``pickle`` writes it."""
    origin: str
    """``"files"`` or ``"live sessions"``; not which."""
    total: int
    """How many there were, of which these are a sample; a session that is on two nodes counts twice."""
    anonymized: bool
    converters: tuple[str, ...] = ()
    """The functions that register the classes in them, as ``"module:function"``."""
    unread: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many could not be read, by the reason."""
    examples: Mapping[str, str] = field(default_factory=dict[str, str])
    """For each reason where it was met first: for the user's screen, and for no report."""

    @property
    def description(self) -> str:
        """One line for readers of a report; it does not say whose sessions they are."""
        kind = "anonymized" if self.anonymized else "as they are"
        return f"{len(self.payloads):,} sessions of the user's own, {kind}, from {self.origin}"

    def lines(self) -> list[str]:
        """Return what the user is told: what there is, and what could not be read and why."""
        kind = "made anonymous" if self.anonymized else "as they are"
        lines = [f"{len(self.payloads):,} sessions, {kind}, of {self.total:,} found"]
        for reason, count in sorted(self.unread.items(), key=lambda pair: -pair[1]):
            first = self.examples.get(reason)
            lines.append(
                f"{count:,} not read: {reason}" + (f" ({first}{', ...' if count > 1 else ''})" if first else "")
            )
        return lines

    def workload_info(self) -> WorkloadInfo:
        """Return the workload, as one that is installed."""
        return _workload_info(self.description, self.converters, self.payloads)

    @contextmanager
    def handed_over(self) -> Generator[tuple[str, dict[str, object]]]:
        """Keep the sessions in a private file as long as the block lasts.

        Returns
        -------
        The task by which an interpreter learns of the workload, and its arguments.
        """
        with TemporaryDirectory(prefix="session-bench-") as folder:  # which only its owner can enter
            path = Path(folder, "captured.json")
            payloads = [b64encode(payload).decode() for payload in self.payloads]
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump({"description": self.description, "payloads": payloads}, file)
            yield _TASK, {"path": str(path), "converters": list(self.converters)}


def captured(
    source: str,
    *,
    limit: int = LIMIT,
    as_they_are: bool = False,
    settings: Path | None = None,
    converters: Sequence[str] = (),
    seed: int | None = None,
    progress: Progress | None = None,
) -> Capture:
    """Return the user's own sessions.

    Parameters
    ----------
    source
        A folder, as `folder` reads it, or ``memcached://host:port,host:port``; without hosts the nodes are those of the
        settings.
    limit
        The most sessions; of more a random sample is taken.
    as_they_are
        Do not make them anonymous.
    settings
        A TOML file with the settings of the session manager: signing keys, prefix, converters, ... None: those of the
        environment, as `memcached-sessions inspect` reads it.
    converters
        Functions that register the classes in the sessions, as ``"module:function"``.
    seed
        Where the anonymizer starts; None: nobody can repeat what it drew.
    progress
        Called with the steps that are done and how many there are.

    Raises
    ------
    CaptureError
        There is no session at the source, or one cannot be made anonymous; with what to do.
    """
    registry = ConverterRegistry()
    try:
        load_converters(registry, converters)
        read = sessions_at(
            source,
            registry,
            given=GivenOptions(config=settings),
            config_option="--settings",
            limit=limit,
            progress=_part(progress, 0),
        )
    except (SourceError, ValueError) as error:  # ValueError: of a setting or a converter
        raise CaptureError(str(error)) from error
    found = read.found
    sessions: Iterable[object] = found.sessions
    if not as_they_are:
        sessions = _anonymous(found.sessions, registry, seed, _part(progress, 1))
    payloads = _kept(sessions, registry, found)
    if not payloads:
        raise CaptureError(f"no session can be handed to other processes by {_KEEPER}: {found.examples[_NOT_KEPT]}")
    return Capture(
        payloads=payloads,
        origin="live sessions" if source.startswith(SCHEME) else "files",
        total=found.total,
        anonymized=not as_they_are,
        converters=tuple(dict.fromkeys((*converters, *read.converters))),
        unread=dict(found.unread),
        examples=found.examples,
    )


def prepare(path: str, converters: list[str]) -> None:
    """Let the captured sessions be found by their name in this process: a task of `Capture.handed_over`."""
    kept = cast("dict[str, Any]", json.loads(Path(path).read_text(encoding="ascii")))
    payloads = tuple(map(b64decode, kept["payloads"]))
    add_workload(_workload_info(kept["description"], converters, payloads))


def _workload_info(description: str, converters: Sequence[str], payloads: Sequence[bytes]) -> WorkloadInfo:
    workload = Workload(
        name=NAME,
        description=description,
        seed=None,
        build=partial(_built, converters, payloads),
        register=partial(load_converters, named=converters),
        population=True,
        private=True,
    )
    return WorkloadInfo(NAME, "memcached-sessions", __version__, workload)


def _built(converters: Sequence[str], payloads: Sequence[bytes]) -> list[object]:
    registry = ConverterRegistry()
    load_converters(registry, converters)
    return list(map(get_serializer(_KEEPER, registry).loads, payloads))


def _anonymous(
    sessions: Sequence[object], registry: ConverterRegistry, seed: int | None, progress: Progress | None
) -> list[object]:
    made: list[object] = []
    try:
        anonymizer = Anonymizer(sessions, registry, seed=seed)
        for number, session in enumerate(sessions, 1):
            made.append(anonymizer.anonymized(session))
            if progress:
                progress(number, len(sessions))
    except AnonymizationError as error:
        raise CaptureError(f"the sessions cannot be made anonymous: {error}") from error
    return made


def _kept(sessions: Iterable[object], registry: ConverterRegistry, found: Found) -> tuple[bytes, ...]:
    serializer = get_serializer(_KEEPER, registry)
    payloads: list[bytes] = []
    for session in sessions:
        try:
            payloads.append(serializer.dumps(session))
        except SerializationError as error:
            found.pass_over(_NOT_KEPT, error.problem)
    return tuple(payloads)


def _part(progress: Progress | None, part: int) -> Progress | None:
    """Return the progress of the first or the second half of all steps."""
    return None if progress is None else lambda done, of: progress(part * of + done, 2 * of)
