"""The `cbor` serializer, on cbor2.

A value that CBOR lacks has tag 27, "serialised language-independent object with type name and constructor arguments"
(registered with IANA, described at http://cbor.schmorp.de/generic-object): an array of the converter's tag and the
plain data. All other tags but the big integers 2 and 3 are refused, before their own decoders of regular expressions,
MIME messages or shared references see hostile bytes.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from importlib.metadata import version
from io import BytesIO
from typing import Any, ClassVar

import cbor2

from ..lowering import MAX_DEPTH, Rules
from ..protocol import LibraryCall
from .tree import Lift, TreeSerializer, library_call

_GENERIC_OBJECT = 27
_REFUSED = (0, 1, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""The tags that cbor2 decodes itself."""


class CborSerializer(TreeSerializer):
    """Sessions as CBOR (RFC 8949).

    >>> serializer = CborSerializer()
    >>> serializer.loads(serializer.dumps({"seats": (1, 2)}))
    {'seats': (1, 2)}
    """

    name: ClassVar[str] = "cbor"
    implementation: ClassVar[str] = f"cbor2 {version('cbor2')}"

    @property
    def rules(self) -> Rules:
        """What cbor2 keeps."""
        return Rules(name=self.name, tagged=_tagged, order=cbor2.dumps, keeps_big_ints=True)

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        lowered = self.lower(value)[0]
        try:
            return cbor2.dumps(lowered)
        except BaseException as error:
            # A dict that another thread changes meanwhile makes cbor2 panic, and a panic is no `Exception`.
            if type(error).__name__ != "PanicException":
                raise
            raise RuntimeError(str(error)) from error

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""

        def lift_object(content: Any, immutable: bool) -> Any:  # noqa: FBT001 - cbor2's signature
            if immutable or type(content) is not list or len(content) != 2 or type(content[0]) is not str:
                raise ValueError("tag 27 must hold an array of a name and data, and be no key")
            return lift(content[0], content[1])

        stream = BytesIO(data)
        value = cbor2.CBORDecoder(
            stream,
            semantic_decoders={**_REFUSALS, _GENERIC_OBJECT: lift_object},
            tag_hook=_refuse_tag,
            max_depth=2 * MAX_DEPTH,
            strict_hashable_types=True,
        ).decode()
        if stream.tell() != len(data):
            raise ValueError(f"{len(data) - stream.tell()} bytes after the value")
        return value

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return cbor2's own calls on the lowered data."""
        return library_call(self, value, cbor2.dumps, cbor2.loads)


def _tagged(tag: str, plain: object) -> cbor2.CBORTag:
    return cbor2.CBORTag(_GENERIC_OBJECT, [tag, plain])


def _refuse_tag(_content: object, _immutable: bool) -> Any:  # noqa: FBT001 - cbor2's signature
    raise ValueError("a CBOR tag that sessions do not use")


_REFUSALS = dict.fromkeys(_REFUSED, _refuse_tag)
