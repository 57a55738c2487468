"""The `json` serializer, on orjson: readable, standard JSON.

A value that JSON lacks is an object with one member whose name is ``$`` and the tag: ``{"$decimal": "9.90"}``. A dict
that looks like that, or has keys that are no strings, is written as its pairs: ``{"$dict": [["$x", 1]]}``.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from typing import Any, ClassVar

import orjson

from ..lowering import MAX_DEPTH, Rules
from ..protocol import LibraryCall
from .tree import Lift, TreeSerializer, library_call

_MARK = "$"
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
            tagged=_tagged,
            order=orjson.dumps,
            keeps_bytes=False,
            keeps_all_floats=False,
            mark=_MARK,
        )

    def write(self, value: Any) -> bytes:
        """Return the payload of a value."""
        return orjson.dumps(self.lower(value)[0])

    def read(self, data: bytes, lift: Lift) -> Any:
        """Return the value of a payload."""
        plain = orjson.loads(data)
        tagged = any(first in data for first in _FIRST_BYTES_OF_A_TAG)
        return _lift(plain, lift, MAX_DEPTH) if tagged else plain

    def library_calls(self, value: object, /) -> LibraryCall:
        """Return orjson's own calls on the lowered data."""
        return library_call(self, value, orjson.dumps, orjson.loads)


def _tagged(tag: str, plain: object) -> dict[str, object]:
    return {_MARK + tag: plain}


def _lift(node: Any, lift: Lift, depth: int) -> Any:
    """Replace the tagged objects inside what orjson read; it is fresh, so it is changed in place."""
    kind = type(node)
    if not depth and (kind is list or kind is dict):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if kind is list:
        for index, item in enumerate(node):
            inner = type(item)
            if inner is dict or inner is list:
                node[index] = _lift(item, lift, depth - 1)
    elif kind is dict:
        if len(node) == 1:
            ((name, plain),) = node.items()
            if name.startswith(_MARK):
                return lift(name[1:], _lift(plain, lift, depth - 1))
        for name, item in node.items():
            inner = type(item)
            if inner is dict or inner is list:
                node[name] = _lift(item, lift, depth - 1)
    return node
