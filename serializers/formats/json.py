"""The `json` serializer, on orjson: readable, standard JSON.

A value that JSON lacks is an object with one member whose name is ``$`` and the tag, as `marked` writes it:
``{"$decimal": "9.90"}``. A dict that looks like that, or has keys that are no strings, is written as its pairs:
``{"$dict": [["$x", 1]]}``.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from typing import Any, ClassVar

import orjson

from ..lowering import Rules
from ..protocol import LibraryCall
from .marked import MARK, lift_marked, marked
from .tree import Lift, TreeSerializer, library_call

_FIRST_BYTES_OF_A_TAG = b'"$', b'"\\u0024'


class JsonSerializer(TreeSerializer):
    """Sessions as JSON.

    >>> serializer = JsonSerializer()
    >>> serializer.dumps({"seats": (1, 2)})
    b'{"seats":{"$tuple":[1,2]}}'
    >>> serializer.loads(b'{"seats":{"$tuple":[1,2]}}')
    {'seats': (1, 2)}
    """

    name: ClassVar[str] = "json"
    implementation: ClassVar[str] = f"orjson {orjson.__version__}"

    @property
    def rules(self) -> Rules:
        """What orjson keeps; bytes it refuses, and NaN and the infinities it writes as null."""
        return Rules(
            name=self.name,
            tagged=marked,
            order=orjson.dumps,
            keeps_bytes=False,
            keeps_all_floats=False,
            mark=MARK,
        )

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        return orjson.dumps(self.lower(value)[0])

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""
        plain = orjson.loads(data)
        tagged = any(first in data for first in _FIRST_BYTES_OF_A_TAG)
        return lift_marked(plain, lift) if tagged else plain

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return orjson's own calls on the lowered data."""
        return library_call(self, value, orjson.dumps, orjson.loads)
