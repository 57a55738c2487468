"""Feeds a serializer bytes that are nearly right, in a process of its own, and reports what came of it.

``python -m memcached_sessions.serializers.testing.hostile msgpack --mutations 100000``

Every payload is a valid one that was cut, grown, or changed in a few places; the seed says which. The process ends with
status 0 and a JSON line if each payload ended in a value or in `DeserializationError`; otherwise the line names the
payload. A crash of the process is the answer, too.
"""

from __future__ import annotations

import json
import resource
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress

from ..available import get_serializer
from ..damaged import SEED, huge_lengths, mutations, repeated_beginnings, repeated_bytes
from ..errors import DeserializationError, SerializationError
from ..protocol import Serializer
from .sample_classes import sample_registry
from .samples import SAMPLES

_FEW, _MANY = 200, 100_000
_ADDRESS_SPACE = 2 * 1024**3
"""Bytes: a format that asks for more gets an error instead of taking the machine down."""


def valid_payloads(serializer: Serializer) -> list[bytes]:
    """Return the payloads of every sample that the serializer keeps, and of all of them together."""
    payloads: list[bytes] = []
    kept: list[object] = []
    for sample in SAMPLES:
        try:
            payloads.append(serializer.dumps(sample.make()))
        except SerializationError:
            continue
        kept.append(sample.make())
    return [*payloads, serializer.dumps(kept)]


def attacks(payloads: list[bytes]) -> Iterator[bytes]:
    """Yield payloads made to cost much: one byte or the beginning of a payload over and over, and huge lengths."""
    yield from repeated_bytes(_MANY)
    yield from huge_lengths()
    yield from repeated_beginnings(payloads, _MANY)


def peak_memory() -> int:
    """Return the largest memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def feed(serializer: Serializer, payloads: Iterator[bytes], *, write: bool = False) -> dict[str, object]:
    """Return how many payloads became values and how many were refused, or the first that raised something else.

    Memory growth is counted from after the first few, so that caches and modules do not count. With `write`, what
    became a value is written again, which may be refused, too: such values are odder than what applications hold.
    """
    values = refused = 0
    memory = peak_memory()
    for number, data in enumerate(payloads):
        if number == _FEW:
            memory = peak_memory()
        try:
            value = serializer.loads(data)
            values += 1
            if write:
                _write(serializer, value)
        except DeserializationError:
            refused += 1
        except Exception as error:  # noqa: BLE001 - any other exception is the finding
            return {"unexpected": f"{type(error).__name__}: {error}", "payload": data.hex()}
    return {"values": values, "refused": refused, "growth": peak_memory() - memory}


def _write(serializer: Serializer, value: object) -> None:
    with suppress(SerializationError):
        serializer.dumps(value)


def main() -> int:
    """Run as a command; see the module."""
    parser = ArgumentParser(description="feed a serializer damaged payloads")
    parser.add_argument("serializer")
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true", help="also write again what could be read")
    parser.add_argument("--sanitizer", action="store_true", help="do not limit memory, which AddressSanitizer needs")
    parser.add_argument("--options", type=json.loads, default={}, help="for get_serializer, as JSON")
    arguments = parser.parse_args()
    if not arguments.sanitizer:
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    serializer = get_serializer(arguments.serializer, registry=sample_registry(), **arguments.options)
    payloads = valid_payloads(serializer)
    result = feed(serializer, mutations(payloads, arguments.mutations, arguments.seed), write=arguments.write)
    if "unexpected" not in result:
        attacked = feed(serializer, attacks(payloads), write=arguments.write)
        result = attacked if "unexpected" in attacked else result | {"attacks": attacked}
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if "unexpected" in result else 0


if __name__ == "__main__":
    sys.exit(main())
