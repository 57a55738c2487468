"""The `ormsgpack` serializer: msgpack by the library of that name, which the extra ``ormsgpack`` brings.

A value that msgpack lacks is a map of one pair, as `marked` writes it, and a payload with such maps announces them.
ormsgpack refuses keys that are no strings and, without a hook, extensions; it makes no container of more items than
bytes are there, and reads at most 1 024 levels. It does not see bytes after the value, so one more value is put there.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from re import findall
from typing import Any, ClassVar

from ..errors import NotInstalledError
from ..lowering import Rules
from ..protocol import LibraryCall
from .marked import MARK, announced, lift_announced, marked
from .tree import Lift, TreeSerializer, library_call

try:
    import ormsgpack
except ModuleNotFoundError as error:
    raise NotInstalledError(error, "memcached-sessions[ormsgpack]") from error

if [int(number) for number in findall(r"\d+", ormsgpack.__version__)] < [1, 13, 1]:
    raise NotInstalledError(
        f"ormsgpack {ormsgpack.__version__}, whose process hostile bytes can end", "memcached-sessions[ormsgpack]"
    )

_TWO = b"\x92"  # array of two
_END = "end of the payload"
_PACKED_END = ormsgpack.packb(_END)


class OrmsgpackSerializer(TreeSerializer):
    """Sessions as msgpack, by ormsgpack.

    >>> serializer = OrmsgpackSerializer()
    >>> serializer.loads(serializer.dumps({"seats": (1, 2)}))
    {'seats': (1, 2)}
    >>> serializer.dumps({"seats": 2})
    b'\\x81\\xa5seats\\x02'
    """

    name: ClassVar[str] = "ormsgpack"
    implementation: ClassVar[str] = f"ormsgpack {ormsgpack.__version__}"

    @property
    def rules(self) -> Rules:
        """What ormsgpack keeps."""
        return Rules(name=self.name, tagged=marked, order=ormsgpack.packb, mark=MARK)

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        return ormsgpack.packb(announced(*self.lower(value)))

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""
        read, end = ormsgpack.unpackb(_TWO + data + _PACKED_END)
        if end != _END:
            raise ValueError("bytes after the value")
        return lift_announced(read, lift)

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return ormsgpack's own calls on the lowered data."""
        return library_call(self, value, ormsgpack.packb, ormsgpack.unpackb)
