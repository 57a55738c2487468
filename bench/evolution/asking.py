"""Yesterday's code writes, today's code reads; runs in children of two interpreters."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypedDict, cast

from ...serializers import SerializationError
from ...serializers.fidelity import difference
from ...serializers.readable import readable, readable_error
from ..case import Outcome
from ..isolation.series import Asking, answer
from ..row import Row, RowData, row_of
from .releases import STEPS, Release, Step, class_of


class Answer(TypedDict):
    """What became of one value, as JSON carries it."""

    outcome: str
    detail: str
    payload: str | None
    """In hexadecimal; None if it was not written."""


def prepare(release: Release) -> None:
    """Make the classes of a release: a task for `Interpreter.prepare`."""
    for step in STEPS:
        class_of(step, release)


def write(row: RowData, asking: Asking) -> bool:
    """Write a value of each step's class of yesterday: a task for `isolation.series.ask`."""
    asked = row_of(row)
    return answer((partial(_written, asked, step) for step in STEPS), asking)


def read(row: RowData, payloads: Sequence[str | None], asking: Asking) -> bool:
    """Read what `write` wrote with each step's class of today: a task for `isolation.series.ask`.

    Parameters
    ----------
    row
        The serializer.
    payloads
        In hexadecimal, in the order of `STEPS`; None where nothing was written.
    asking
        How.
    """
    asked = row_of(row)
    questions: list[Callable[[], Answer]] = [
        partial(_read, asked, step, payload) for step, payload in zip(STEPS, payloads, strict=True)
    ]
    return answer(questions, asking)


def _written(row: Row, step: Step) -> Answer:
    refusals = Exception if row.is_library else SerializationError
    try:
        payload = row.make(step.registry("yesterday")).dumps({"cart": [step.value("yesterday")]})
    except BaseException as error:  # noqa: BLE001 - a plug-in may raise anything
        outcome = Outcome.REFUSED if isinstance(error, refusals) else Outcome.FAILED
        return Answer(outcome=outcome, detail=_said("writing", error), payload=None)
    if type(payload) is not bytes:
        what = f"dumps returned {readable(type(payload).__qualname__)} instead of bytes"
        return Answer(outcome=Outcome.FAILED, detail=what, payload=None)
    return Answer(outcome=Outcome.VERIFIED, detail="", payload=payload.hex())


def _read(row: Row, step: Step, payload: str | None) -> Answer:
    if payload is None:
        return Answer(outcome=Outcome.FAILED, detail="nothing was written", payload=None)
    try:
        session = cast("Any", row.make(step.registry("today")).loads(bytes.fromhex(payload)))
        changed = _changed(step, session["cart"][0])
    except BaseException as error:  # noqa: BLE001 - a plug-in may raise anything
        return Answer(outcome=Outcome.FAILED, detail=_said("reading", error), payload=None)
    return Answer(outcome=Outcome.UNFAITHFUL if changed else Outcome.VERIFIED, detail=readable(changed), payload=None)


def _changed(step: Step, product: object) -> str:
    """Return how a value differs from what today's code expects, for whom a default of the class is a value, too."""
    wanted = class_of(step, "today")
    if type(product) is not wanted:
        return f"{wanted.__qualname__} became {type(product).__qualname__}"
    found = {name: getattr(product, name) for name in step.fields("today")}
    return str(difference(step.fields("today"), found) or "")


def _said(doing: str, error: BaseException) -> str:
    return f"{doing}: {readable_error(error)}"
