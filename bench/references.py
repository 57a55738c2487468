"""Rows to compare with: libraries alone, called as anybody would call them, with no pass, no converter and no registry.

`bare-pickle` is what every ratio refers to. The others are there for whoever wonders what a fast library without the
rest would do; on sessions with objects they refuse, or change types, and the comparison shows that. Invariant: what is
timed is the library's own function, with nothing of ours around it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.metadata import version
from pickle import HIGHEST_PROTOCOL
from pickle import dumps as pickle_dumps
from pickle import loads as pickle_loads
from platform import python_version
from typing import Any

from ..serializers import Capabilities, SerializerInfo
from .floor import FLOOR, missing

BARE_PICKLE = "bare-pickle"


@dataclass(frozen=True)
class BareLibrary:
    """The two calls of a library, in the place of a serializer. They raise what they like."""

    name: str
    implementation: str
    dumps: Callable[[Any], bytes]
    loads: Callable[[bytes], Any]
    capabilities: Capabilities = Capabilities()  # noqa: RUF009 - it is frozen


@cache
def references() -> Mapping[str, BareLibrary]:
    """Return the libraries that are installed, by the name of the row.

    >>> references()["bare-pickle"].loads(references()["bare-pickle"].dumps((1, 2)))
    (1, 2)
    """
    everything = Capabilities(identity=True, cycles=True, tuples=True, sets=True, non_str_keys=True, big_ints=True)
    dumps = partial(pickle_dumps, protocol=HIGHEST_PROTOCOL)
    about = f"pickle of Python {python_version()}, protocol {HIGHEST_PROTOCOL}"
    found = {BARE_PICKLE: BareLibrary(BARE_PICKLE, about, dumps, pickle_loads, everything)}
    for library, module, write, read in (
        ("orjson", "orjson", "dumps", "loads"),
        ("ormsgpack", "ormsgpack", "packb", "unpackb"),
        ("msgspec", "msgspec.msgpack", "encode", "decode"),
    ):
        try:
            functions = import_module(module)
        except ImportError:
            continue  # of the extra `bench`
        name = f"bare-{library}"
        about = f"{module} of {library} {version(library)}"
        found[name] = BareLibrary(name, about, getattr(functions, write), getattr(functions, read))
    return found


def reference_infos() -> dict[str, SerializerInfo]:
    """Return the references as the comparison lists serializers, the floor of reading among them.

    >>> list(reference_infos())[-1]
    'construction-floor'
    """
    libraries = {
        each.name: SerializerInfo(
            each.name, "its own library", "", each.implementation, each.capabilities, variants={each.name: {}}
        )
        for each in references().values()
    }
    return libraries | {FLOOR: _floor_info()}


def _floor_info() -> SerializerInfo:
    reason = missing()
    if reason:
        return SerializerInfo(FLOOR, "memcached-sessions", "", broken=reason)
    about = "the objects alone, made in C of no bytes"
    return SerializerInfo(FLOOR, "memcached-sessions", "", about, variants={FLOOR: {}})
