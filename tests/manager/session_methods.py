"""Every method of `Session`, by whether a request that called it may have changed its session.

One that hands something out and does not say so would be a silent lost update. So each is in one of two tables, or
among those that have nothing of a session, and a method in none of them fails a test.
"""

import copy
import pickle
from collections.abc import Callable
from typing import Any

from memcached_sessions.manager import Session


class Reaching:
    """Takes what it is compared with."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        other["cart"].append(2)  # type: ignore[index]
        return False


def idle_for_a_minute(session: Session) -> None:
    """Set the limit of this session alone."""
    session.max_inactive_interval = 60


def through_the_memo(session: Session) -> None:
    """A copy that goes deep shares nothing, but for what its memo keeps alive."""
    memo: dict[int, Any] = {}
    copy.deepcopy(session, memo)
    next(kept for kept in memo[id(memo)] if kept == [1]).append(2)


def merge_a_change(session: Session) -> None:
    """A copy of the attributes is changed and brought back."""
    mine = session.private_copy()
    mine.attributes["cart"].append(2)
    session.merge(mine)


CHANGES: dict[str, Callable[[Session], object]] = {
    "__getitem__": lambda session: session["cart"].append(2),
    "get": lambda session: session.get("cart").append(2),
    "keys": lambda session: session.keys().mapping["cart"].append(2),
    "values": lambda session: next(iter(session.values())).append(2),
    "items": lambda session: next(value for name, value in session.items() if name == "cart").append(2),
    "copy": lambda session: session.copy()["cart"].append(2),
    "__copy__": lambda session: copy.copy(session)["cart"].append(2),
    "__deepcopy__": through_the_memo,
    "__reduce_ex__": lambda session: session.__reduce_ex__(pickle.HIGHEST_PROTOCOL)[1][0]["cart"].append(2),
    "__or__": lambda session: (session | {})["cart"].append(2),
    "__ror__": lambda session: ({} | session)["cart"].append(2),
    "__eq__": lambda session: session == Reaching(),
    "__ne__": lambda session: session != Reaching(),
    "__setitem__": lambda session: session.__setitem__("name", "other"),
    "__delitem__": lambda session: session.__delitem__("name"),
    "__ior__": lambda session: session.__ior__({"name": "other"}),
    "clear": lambda session: session.clear(),
    "pop": lambda session: session.pop("name"),
    "popitem": lambda session: session.popitem(),
    "setdefault": lambda session: session.setdefault("cart", []).append(2),
    "update": lambda session: session.update(name="other"),
    "max_inactive_interval": idle_for_a_minute,
    "absolute_timeout": lambda session: setattr(session, "absolute_timeout", 86_400),
    "merge": merge_a_change,
}
"""How a session with a list `cart` is changed by what a method does or hands out."""

READS: dict[str, Callable[[Session], object]] = {
    "__getitem__": lambda session: session["name"],
    "get": lambda session: (session.get("name"), session.get("none"), session.get("none", 0.5)),
    "__contains__": lambda session: "cart" in session,
    "__iter__": lambda session: [*iter(session)],
    "__reversed__": lambda session: [*reversed(session)],
    "__len__": lambda session: len(session),
    "__bool__": lambda session: bool(session),
    "__repr__": lambda session: repr(session),
    "id": lambda session: session.id,
    "sid": lambda session: session.sid,
    "cookie": lambda session: session.cookie,
    "has_id": lambda session: session.has_id,
    "loaded": lambda session: session.loaded,
    "is_new": lambda session: session.is_new,
    "degraded": lambda session: session.degraded,
    "created": lambda session: session.created,
    "max_inactive_interval": lambda session: session.max_inactive_interval,
    "absolute_timeout": lambda session: session.absolute_timeout,
    "began": lambda session: session.began,
    "ended": lambda session: session.ended,
    "superseded": lambda session: session.superseded,
    "private_copy": lambda session: session.private_copy().attributes["cart"].append(2),
    "rotate": lambda session: session.rotate(),
    "destroy": lambda session: session.destroy(),
    "fromkeys": lambda session: session.fromkeys(["name"]),
    "update": lambda session: session.update(),
}
"""What changes nothing by itself, and hands out nothing that can be changed. What `rotate` and `destroy` do is done at
once, and leaves nothing to the end of the request."""

OF_EVERY_OBJECT = {
    "__class_getitem__",
    "__doc__",
    "__getattribute__",
    "__hash__",
    "__init__",
    "__module__",
    "__new__",
    "__orig_bases__",
    "__sizeof__",
    "__slots__",
}
REFUSED_BY_DICT = {"__lt__", "__le__", "__gt__", "__ge__"}
OF_THE_MANAGER = {"_find", "_changing", "_looked_at", "_owner", "_shared", "of", "request_state"}
