"""The `msgpack` serializer.

A value that msgpack lacks is a map of one pair: the key is an extension of type 1 that holds the tag in UTF-8, the
value is the plain data. (Plain data inside an extension would be read by a call within a call, each with 40 KiB of C
stack: 200 levels of hostile bytes would end the process.) A payload with such maps is an array of two: an empty
extension of type 2, and the value; one without them is the value alone, which is read without a look at every map.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, ClassVar, cast

import msgpack

from ..lowering import Rules
from ..protocol import LibraryCall
from .tree import Lift, TreeSerializer, library_call

_TAG = 1
_TAGGED = b"\x92\xc7\x00\x02"  # array of two, extension of length 0 and type 2

_pack = cast("Callable[[Any], bytes]", msgpack.packb)
_unpack = cast("Callable[..., Any]", msgpack.unpackb)


@lru_cache(maxsize=1024)
def _extension(tag: str) -> msgpack.ExtType:
    return msgpack.ExtType(_TAG, tag.encode())


def _tagged(tag: str, plain: object) -> dict[msgpack.ExtType, object]:
    return {_extension(tag): plain}


class _Tag(str):
    """The key of a map that stands for a tagged value; equal to nothing that a payload can hold otherwise."""

    __slots__ = ()


class MsgpackSerializer(TreeSerializer):
    """Sessions as msgpack.

    >>> serializer = MsgpackSerializer()
    >>> serializer.loads(serializer.dumps({"seats": (1, 2)}))
    {'seats': (1, 2)}
    >>> serializer.dumps({"seats": 2})
    b'\\x81\\xa5seats\\x02'
    """

    name: ClassVar[str] = "msgpack"
    implementation: ClassVar[str] = f"msgpack {'.'.join(map(str, msgpack.version))}"

    @property
    def rules(self) -> Rules:
        """What msgpack keeps."""
        return Rules(name=self.name, tagged=_tagged, order=_pack)

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        plain, converted = self.lower(value)
        return _TAGGED + _pack(plain) if converted else _pack(plain)

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""
        if not data.startswith(_TAGGED):
            return _unpack(data, ext_hook=_no_extension)

        def lift_map(pairs: list[tuple[Any, Any]]) -> Any:
            if len(pairs) == 1 and type(pairs[0][0]) is _Tag:
                return lift(str(pairs[0][0]), pairs[0][1])
            # Before the dict is made: hostile bytes could hold any number of keys with one hash.
            if any(type(key) is not str for key, _ in pairs):
                raise ValueError("a map with a key that is no string")
            return dict(pairs)

        return _unpack(
            memoryview(data)[len(_TAGGED) :], strict_map_key=False, ext_hook=_read_extension, object_pairs_hook=lift_map
        )

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return msgpack's own calls on the lowered data."""
        return library_call(self, value, _pack, partial(_unpack, strict_map_key=False))


def _no_extension(code: int, _: bytes) -> Any:
    raise ValueError(f"extension {code} in a payload that announces no tags")


def _read_extension(code: int, data: bytes) -> _Tag:
    if code != _TAG:
        raise ValueError(f"unknown extension {code}")
    return _Tag(data, "utf-8")
