"""The `ormsgpack` serializer: msgpack by the library of that name, which the extra ``ormsgpack`` brings.

A value that msgpack lacks is a map of one pair, as `marked` writes it, and a payload with such maps announces them.
The bytes are those of `msgspec`.

ormsgpack reads 1 024 levels, for which a thread may lack the stack, and does not see bytes after the value; releases
before 1.13.1 make room for any number of items. So `msgpack_shape` looks the bytes over beforehand.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from typing import Any, ClassVar

from ..errors import NotInstalledError
from ..implementations import look_over_msgpack
from ..lowering import MAX_SIZE, Rules
from ..protocol import LibraryCall
from ..registry import DEFAULT, ConverterRegistry
from .marked import MARK, announced, lift_announced, marked
from .tree import Lift, TreeSerializer, library_call

try:
    import ormsgpack
except ModuleNotFoundError as error:
    raise NotInstalledError(error, "memcached-sessions[ormsgpack]") from error


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

    def __init__(self, *, registry: ConverterRegistry = DEFAULT, max_size: int = MAX_SIZE) -> None:
        super().__init__(registry=registry, max_size=max_size)
        self._look_over = look_over_msgpack()

    @property
    def rules(self) -> Rules:
        """What ormsgpack keeps."""
        return Rules(name=self.name, tagged=marked, order=ormsgpack.packb, mark=MARK)

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        return ormsgpack.packb(announced(*self.lower(value)))

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""
        self._look_over(data)
        return lift_announced(ormsgpack.unpackb(data), lift)

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return ormsgpack's own calls on the lowered data."""
        return library_call(self, value, ormsgpack.packb, ormsgpack.unpackb)
