"""What compressors make of the payloads of a case, and how long they take for it.

They are those of the session manager, as it calls them: zlib with level 6, zstd with level 3. Times are for one
session, decompression with all its checks. The manager leaves a payload uncompressed that is under 256 bytes or that
does not get smaller; here all are compressed. How it is measured: each pass has a fresh interpreter and its own order
of the cases, and each case a child of its own; calls are warm before they are calibrated. Of a workload of very many
sessions, those that `sampling` chooses are timed, as dumps and loads are; sizes and bytes are those of all.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import TypedDict

from ..manager.compression import Compression, compression_named
from ..manager.errors import ConfigurationError
from .case import Case
from .each_case import Figures, Key, Progress, key_of, made_case, with_bytes
from .errand import CaseData, case_of
from .intervals import estimate
from .isolation.forked import End
from .measuring import calibrated, collector_settled, seconds_per_call
from .passes import ORDER_SEED
from .preparing import Patience, Preparation, prepared
from .result import Compressed
from .sampling import spread

COMPRESSORS = {"zlib": "zlib-6", "zstd": "zstd-3"}
"""The names of the setting, and what results call them."""

_SECONDS = 30.0
"""That a case may take in a pass."""

_SAMPLE_SECONDS = 0.005
"""The least duration of what is timed."""


class Timed(TypedDict):
    """One compressor in one pass."""

    compressor: str
    bytes: int
    break_even: int | None
    compress: float
    """Seconds for a session; so is the other."""
    decompress: float


def compressed(
    cases: Sequence[Case],
    passes: int,
    *,
    preparations: Sequence[Preparation] = (),
    progress: Progress | None = None,
) -> Figures[tuple[Compressed, ...]]:
    """Return what compressors make of the payloads of cases, by workload and label.

    Parameters
    ----------
    cases
        Verified ones; those without bytes are left out.
    passes
        How many values the times are medians of; at least 1.
    preparations
        Tasks that every interpreter begins with.
    progress
        Is told how many times a case was measured.

    Returns
    -------
    For each case one entry for each compressor that is installed.
    """
    chosen = with_bytes(cases)
    rows: dict[Key, list[list[Timed]]] = {key_of(case): [] for case in chosen}
    failed: dict[Key, str] = {}
    patience = Patience()
    random = Random(ORDER_SEED)  # noqa: S311 - an order, no secret
    done = 0
    for _ in range(passes):
        with prepared(preparations) as interpreter:
            for case in random.sample(chosen, len(chosen)):
                key = key_of(case)
                if key not in failed:
                    ended = patience.ask(interpreter, f"{__name__}:timed", case, {}, seconds=_SECONDS)
                    if ended.end is End.RETURNED:
                        rows[key].append(ended.value)
                    else:
                        failed[key] = ended.detail
                done += 1
                if progress:
                    progress(done, passes * len(chosen))
    found = {
        key: tuple(_joined(each) for each in zip(*passed, strict=True))
        for key, passed in rows.items()
        if key not in failed
    }
    return Figures(found, failed)


def timed(case: CaseData) -> list[Timed]:
    """Compress and decompress the payloads of a case with what is installed; runs in a child."""
    sample = spread(case_of(case).workload.sessions())
    payloads = made_case(case).payloads
    rows: list[Timed] = []
    for name in COMPRESSORS:
        with suppress(ConfigurationError):  # it is not installed
            rows.append(_timed(compression_named(name), payloads, [payloads[number] for number in sample]))
    return rows


def break_even(sizes: Sequence[int], compressed_sizes: Sequence[int]) -> int | None:
    """Return the size of the smallest payload from which on all got smaller; None if the largest did not.

    None also for a single session, which says nothing about others.

    >>> break_even([100, 200, 300], [120, 150, 160])
    200
    """
    if len(sizes) < 2:
        return None
    too_large = max((size for size, made in zip(sizes, compressed_sizes, strict=True) if made >= size), default=0)
    return min((size for size in sizes if size > too_large), default=None)


def _timed(compression: Compression, payloads: Sequence[bytes], sample: Sequence[bytes]) -> Timed:
    packed = {payload: compression.compress(payload) for payload in payloads}

    def compress() -> None:
        for payload in sample:
            compression.compress(payload)

    pairs = [(packed[payload], len(payload)) for payload in sample]

    def decompress() -> None:
        for data, size in pairs:
            compression.decompress(data, size)

    with collector_settled():
        seconds = [_seconds(call) / len(sample) for call in (compress, decompress)]
    sizes = [len(packed[payload]) for payload in payloads]
    return Timed(
        compressor=COMPRESSORS[compression.name],
        bytes=sum(sizes),
        break_even=break_even([len(payload) for payload in payloads], sizes),
        compress=seconds[0],
        decompress=seconds[1],
    )


def _seconds(call: Callable[[], object]) -> float:
    return seconds_per_call(call, calibrated(call, _SAMPLE_SECONDS))


def _joined(rows: Sequence[Timed]) -> Compressed:
    first = rows[0]
    return Compressed(
        compressor=first["compressor"],
        bytes=first["bytes"],
        compress=estimate([row["compress"] for row in rows]),
        decompress=estimate([row["decompress"] for row in rows]),
        break_even=first["break_even"],
    )
