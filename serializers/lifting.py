"""Finds where reading failed: reads the payload once more with the tags left in, then lifts them one by one.

Format libraries lift inner values before outer ones and cannot say where they are. Like `paths`, this runs only after
a failure.
"""

# Arbitrary data has no static type:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from dataclasses import dataclass
from typing import Any, cast

from .errors import DeserializationError
from .paths import Place, key_step
from .registry import ConverterRegistry


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """Plain data under a tag, not yet lifted."""

    tag: str
    plain: object


def lift_by_place(tree: object, registry: ConverterRegistry) -> object:
    """Return the value of a tree whose tags are `Tagged`.

    Raises
    ------
    DeserializationError
        A tag is unknown or its plain data does not fit; with the path.

    >>> lift_by_place({"seats": Tagged("tuple", [1, 2])}, ConverterRegistry())
    {'seats': (1, 2)}
    >>> lift_by_place({"seats": Tagged("tuple", 7)}, ConverterRegistry())
    Traceback (most recent call last):
        ...
    memcached_sessions.serializers.errors.DeserializationError: seats: expected list, found int
    """
    return _lift(Place(tree), registry)


def _lift(place: Place, registry: ConverterRegistry) -> Any:
    node = place.value
    if type(node) is dict:
        items = cast("dict[Any, Any]", node)
        return {key: _lift(place.inside(key_step(key), item), registry) for key, item in items.items()}
    if type(node) is list:
        elements = cast("list[Any]", node)
        return [_lift(place.inside(f"[{index}]", item), registry) for index, item in enumerate(elements)]
    if type(node) is not Tagged:
        return node
    plain = _lift(place.inside("", node.plain), registry)
    try:
        return registry.lift(node.tag, plain)
    except DeserializationError as error:
        raise DeserializationError(error.problem, path=str(place)) from error
    except Exception as error:
        # Not the words of the error: Python's own quote the value that they are about.
        raise DeserializationError(f"not a {node.tag}: {type(error).__name__}", path=str(place)) from error
