"""Collections of SQLAlchemy, of mapped objects and on their own."""

from sqlalchemy.ext.mutable import MutableDict, MutableList, MutableSet
from sqlalchemy.orm.collections import InstrumentedDict, InstrumentedList, InstrumentedSet

from .library_sample import LibrarySample


def _changed(original: object, loaded: object) -> str:
    # What they were an attribute of is no state of theirs.
    return "" if type(original) is type(loaded) and original == loaded else f"{original!r} became {loaded!r}"


SAMPLES = [
    LibrarySample("list", lambda: InstrumentedList([1, "a"]), _changed),
    LibrarySample("dict", lambda: InstrumentedDict({"b": [1], "a": 2}), _changed),
    LibrarySample("set", lambda: InstrumentedSet({"b", "a", "c"}), _changed),
    LibrarySample("mutable_list", lambda: MutableList(["x", 2]), _changed),
    LibrarySample("mutable_dict", lambda: MutableDict({"theme": "dark", "size": 2}), _changed),
    LibrarySample("mutable_set", lambda: MutableSet({3, 1, 2}), _changed),
]
