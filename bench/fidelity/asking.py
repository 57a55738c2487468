"""What becomes of the values in one serializer; runs in a child."""

from collections.abc import Callable
from functools import partial
from typing import TypedDict

from ...serializers import ConverterRegistry, SerializationError, Serializer
from ...serializers.fidelity import Change, difference, shared_between
from ...serializers.readable import readable, readable_error
from ..isolation.series import Asking, answer
from ..result import Fate
from ..row import Row, RowData, row_of
from .own_classes import register_own_classes
from .values import VALUES

_ATTRIBUTE = "value"
"""Under this name the value is in a session."""


class Answer(TypedDict):
    """The fate of one value, as JSON carries it."""

    fate: str
    detail: str


def ask_values(row: RowData, asking: Asking) -> bool:
    """Ask a serializer for every value that has no answer yet: a task for `isolation.series.ask`."""
    registry = ConverterRegistry()
    register_own_classes(registry)
    asked = row_of(row)
    serializer = asked.make(registry)
    return answer((partial(_fate, asked, serializer, value.make) for value in VALUES), asking)


def _fate(row: Row, serializer: Serializer, make: Callable[[], object]) -> Answer:
    refusals = Exception if row.is_library else SerializationError
    try:
        payload = serializer.dumps({_ATTRIBUTE: make()})
        # Twice, because a serializer that keeps state between calls can be right once.
        copies = (serializer.loads(payload), serializer.loads(payload)) if type(payload) is bytes else ()
    except BaseException as error:  # noqa: BLE001 - Rust extensions panic with a BaseException; a plug-in may do anything
        refused = isinstance(error, refusals) and not isinstance(error, MemoryError)
        return Answer(fate=Fate.REFUSED if refused else Fate.FAILED, detail=_said(error))
    if not copies:
        return Answer(fate=Fate.FAILED, detail=f"dumps returned {type(payload).__qualname__} instead of bytes")
    if found := shared_between(*copies):
        return Answer(fate=Fate.FAILED, detail=readable(found))
    return max((_compared(make, copy) for copy in copies), key=lambda told: _ORDER.index(told["fate"]))


def _compared(make: Callable[[], object], copy: object) -> Answer:
    """Compare with a value that no serializer has seen: one that changes its argument has changed the value."""
    found = difference({_ATTRIBUTE: make()}, copy, identity=True)
    if found and found.change is Change.SHARING:
        found = difference({_ATTRIBUTE: make()}, copy) or found
    if not found:
        return Answer(fate=Fate.IDENTICAL, detail="")
    return Answer(fate=_FATES[found.change], detail=readable(found))


_FATES = {Change.SHARING: Fate.EQUAL, Change.TYPE: Fate.CHANGED_TYPE, Change.VALUE: Fate.CHANGED_VALUE}
_ORDER = [fate.value for fate in Fate]


def _said(error: BaseException) -> str:
    """Return the problem and its place where there are any: the error may be of a class that says what it likes."""
    path, problem = (readable(getattr(error, name, "") or "") for name in ("path", "problem"))
    return f"{path}: {problem or readable_error(error)}".removeprefix(": ")
