"""The `fory` serializer: Apache Fory by pyfory, which the extra ``fory`` brings.

Payloads are of Fory's cross-language form, and hold plain data only: in that form pyfory neither writes nor reads
functions, classes or what `copy` and `pickle` ask objects for, and in its strict mode it makes no class by a name. A
value that is no plain data is a map of one pair, as `marked` writes it, and a payload with such maps announces them.

It is not safe. Hostile bytes run no code, but pyfory takes numbers of any size for keys and elements, any count of
which can share a hash (see `collisions`), and makes a list of very many items from a few bytes. A session store must
sign these payloads.

Invariant: a `Fory`, which keeps its buffers between calls, is used by one call at a time.
"""

# Arbitrary data has no static type, and pyfory is not typed:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from ..errors import NotInstalledError
from ..lowering import MAX_DEPTH, MAX_SIZE, Rules
from ..protocol import Capabilities, LibraryCall
from ..registry import DEFAULT, ConverterRegistry
from .marked import MARK, announced, lift_announced, marked
from .tree import TREE, Lift, TreeSerializer, library_call

try:
    import pyfory
except ModuleNotFoundError as error:
    raise NotInstalledError(error, "memcached-sessions[fory]") from error

_BYTES_OF_AN_ITEM = 100
"""What pyfory counts at most for an item of what was written, as it guards its memory."""
_UNLIMITED = (1 << 63) - 1


class ForySerializer(TreeSerializer):
    """Sessions in the format of Apache Fory.

    >>> serializer = ForySerializer()
    >>> serializer.loads(serializer.dumps({"seats": (1, 2)}))
    {'seats': (1, 2)}
    """

    name: ClassVar[str] = "fory"
    capabilities: Capabilities = replace(TREE, safe=False)
    implementation: ClassVar[str] = f"pyfory {pyfory.__version__}"

    def __init__(self, *, registry: ConverterRegistry = DEFAULT, max_size: int = MAX_SIZE) -> None:
        super().__init__(registry=registry, max_size=max_size)
        self._idle = [self._made()]
        """Each that no call uses. Adding and taking are atomic, and no lock can be held while a process forks."""

    @property
    def rules(self) -> Rules:
        """What pyfory keeps; surrogates it writes, and reads another text or none."""
        return Rules(
            name=self.name,
            tagged=marked,
            order=self._encode,
            keeps_unsigned_ints=False,
            refuses_surrogates=False,
            mark=MARK,
        )

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        return self._encode(announced(*self.lower(value)))

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""
        return lift_announced(self._decode(data), lift)

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return pyfory's own calls on the lowered data."""
        fory = self._made()
        return library_call(self, value, fory.serialize, fory.deserialize)

    def _encode(self, plain: Any) -> bytes:
        return self._by_an_idle_one(lambda fory: fory.serialize(plain))

    def _decode(self, data: bytes) -> Any:
        buffer = pyfory.Buffer(data)
        read = self._by_an_idle_one(lambda fory: fory.deserialize(buffer))
        if buffer.get_reader_index() != len(data):
            raise ValueError("bytes after the value")
        return read

    def _by_an_idle_one(self, call: Callable[[Any], Any]) -> Any:
        try:
            fory = self._idle.pop()
        except IndexError:
            fory = self._made()
        try:
            return call(fory)
        finally:
            self._idle.append(fory)

    def _made(self) -> Any:
        return pyfory.Fory(
            xlang=True,
            ref=False,
            strict=True,
            compatible=False,  # else it makes objects of its own of structures that nobody registered
            max_depth=2 * (MAX_DEPTH + 2),  # it counts a list as two levels, and a leaf as one
            max_graph_memory_bytes=min(self.max_size * _BYTES_OF_AN_ITEM, _UNLIMITED),
            max_unbacked_container_items=min(self.max_size, _UNLIMITED),
        )
