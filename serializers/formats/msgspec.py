"""The `msgspec` serializer: msgpack or JSON, by the library of that name, which the extra ``msgspec`` brings.

A value that the format lacks is a map of one pair, as `marked` writes it, and a payload with such maps announces them.

Of msgpack msgspec takes any value for a key, a tuple too, of which hostile bytes can hold any number with one hash:
`msgpack_shape` looks the bytes over beforehand. In JSON all keys are strings, and Python's recursion limit bounds the
depth.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Mapping
from typing import Any, ClassVar

from ..errors import NotInstalledError
from ..implementations import look_over_msgpack
from ..lowering import MAX_SIZE, Rules
from ..protocol import LibraryCall
from ..registry import DEFAULT, ConverterRegistry
from .marked import MARK, announced, lift_announced, marked
from .tree import Lift, TreeSerializer, library_call

try:
    import msgspec
except ModuleNotFoundError as error:
    raise NotInstalledError(error, "memcached-sessions[msgspec]") from error

_LIBRARIES = {
    "msgpack": (msgspec.msgpack.encode, msgspec.msgpack.decode),
    "json": (msgspec.json.encode, msgspec.json.decode),
}


class MsgspecSerializer(TreeSerializer):
    """Sessions as msgpack or JSON, by msgspec.

    Parameters
    ----------
    registry, max_size
        As for every tree.
    format
        ``"msgpack"`` or ``"json"``; each reads its own payloads only.

    >>> serializer = MsgspecSerializer()
    >>> serializer.loads(serializer.dumps({"seats": (1, 2)}))
    {'seats': (1, 2)}
    >>> MsgspecSerializer(format="json").dumps({"seats": (1, 2)})
    b'{"$":{"seats":{"$tuple":[1,2]}}}'
    """

    name: ClassVar[str] = "msgspec"
    implementation: ClassVar[str] = f"msgspec {msgspec.__version__}"
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {"msgspec": {}, "msgspec-json": {"format": "json"}}

    def __init__(
        self,
        *,
        registry: ConverterRegistry = DEFAULT,
        max_size: int = MAX_SIZE,
        format: str = "msgpack",  # noqa: A002 - what users call it
    ) -> None:
        if format not in _LIBRARIES:
            raise ValueError(f"msgspec has no format {format!r}: use {' or '.join(_LIBRARIES)}")
        self.format = format
        self._encode, self._decode = _LIBRARIES[format]
        self._look_over = look_over_msgpack()
        super().__init__(registry=registry, max_size=max_size)

    @property
    def rules(self) -> Rules:
        """What msgspec keeps; in JSON it writes bytes as text, and NaN and the infinities as null."""
        in_msgpack = self.format == "msgpack"
        return Rules(
            name=self.name,
            tagged=marked,
            order=self._encode,
            keeps_bytes=in_msgpack,
            keeps_all_floats=in_msgpack,
            mark=MARK,
        )

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        return self._encode(announced(*self.lower(value)))

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""
        if self.format == "msgpack":
            self._look_over(data)
        return lift_announced(self._decode(data), lift)

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return msgspec's own calls on the lowered data."""
        return library_call(self, value, self._encode, self._decode)
