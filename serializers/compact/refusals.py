"""What writers and readers of `compact` refuse, in words that both implementations share.

Each error is raised without a path; `serializer` finds the place afterwards.
"""

from ..errors import DeserializationError, SerializationError
from ..lowering import TooLargeError
from .tags import MAX_DEPTH, MAX_HASHED_WEIGHT, MAX_NESTED_SETS, SORT_KEYS_PER_SIZE

_REMEDY = "keep such objects in a list, or key them by an id"
MAX_DEPTH_READ = f"values nest deeper than {MAX_DEPTH} levels"


class TooDeepError(SerializationError):
    """The value nests deeper than the format carries."""

    def __init__(self, problem: str = "", *, path: str = "") -> None:
        text = f"nested deeper than {MAX_DEPTH} levels, and compact keeps no more: store it flatter"
        super().__init__(problem or text, path=path)


class UnfinishedError(SerializationError):
    """A converted value refers to itself, and could not be made before itself."""

    def __init__(self, problem: str = "", *, path: str = "") -> None:
        text = (
            "refers back to a value that is made by a converter and holds this one, so neither can be made first: "
            "break the cycle, or register the class by its fields"
        )
        super().__init__(problem or text, path=path)


class CopiedError(SerializationError):
    """Converters would be given too much through references to `value` and others."""

    def __init__(self, limit: int, value: object, *, path: str = "") -> None:
        super().__init__(copied(limit), path=path)
        self.limit = limit
        self.value = value


def copied(limit: int) -> str:
    """Return the words for plain data that refers to too much."""
    return (
        f"in the plain data of converters, references stand for more than {limit} bytes in all, and each could be "
        "copied when it is read: share instances of classes that are registered by their fields instead, or raise "
        "max_size"
    )


def too_large(max_size: int) -> TooLargeError:
    """Return the error of a payload that is too long."""
    return TooLargeError(f"over max_size={max_size} bytes in compact: store less, or raise max_size")


def too_long_sort_keys(max_size: int) -> TooLargeError:
    """Return the error of sets whose elements take too long to order."""
    return TooLargeError(
        f"over {SORT_KEYS_PER_SIZE * max_size} bytes are needed to order the elements of sets, since they refer "
        f"to large or shared objects: {_REMEDY}"
    )


def nested_sets() -> SerializationError:
    """Return the error of frozensets that cannot be ordered."""
    return SerializationError(
        f"a frozenset holds itself through its elements, or more than {MAX_NESTED_SETS} are nested: {_REMEDY}"
    )


def heavy_keys() -> SerializationError:
    """Return the error of keys that take too long to hash."""
    return SerializationError(
        f"dict keys or elements of sets refer to objects of more than {MAX_HASHED_WEIGHT} values in all, and each "
        f"would be hashed: {_REMEDY}"
    )


def unfinished_key() -> SerializationError:
    """Return the error of an instance that is hashed before it is complete."""
    return SerializationError(
        "a dict key or an element of a set refers back to an instance that holds it and is hashed by its fields, "
        f"so its hash could not be had when it is read: {_REMEDY}"
    )


def changed() -> SerializationError:
    """Return the error of a container that a converter changed while it was written."""
    return SerializationError("a container changed while it was written: an encode= or a property must not change it")


def truncated() -> DeserializationError:
    """Return the error of bytes that end too early or claim too much."""
    return DeserializationError("it ends before its values do")


def rejected(problem: str) -> DeserializationError:
    """Return the error of bytes that break a rule of FORMAT.md."""
    return DeserializationError(problem)
