"""Copies of a session that one request has for itself, and the way back: merged as another process's write is.

For frameworks whose contract is isolated sessions: what one request does is seen by others when it is saved, and not
before. Invariants: no object of a copy is one of the session, before and after a merge; a merge waits for no node, and
takes nothing back that others have changed since the copy was made.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any

from .attribute_merge import Merged, merge_descendant
from .entry import Entry
from .process import Process
from .reconciling import Reconciling
from .request_state import RequestState
from .session_codec import SNAPSHOT_ATTEMPTS, changed_meanwhile

_NONE: Mapping[str, Any] = MappingProxyType({})


class PrivateCopy:
    """What `Session.private_copy` returns: attributes to be read, changed or replaced, and where they came from.

    Parameters
    ----------
    base
        What was copied, or merged last, encoded; None: nothing.
    left_out
        Attributes that ``session_attribute_filter`` leaves out, which cannot be copied: the very objects.
    decode
        Makes attributes of `base`, at the first access to all of them.
    """

    __slots__ = ("_attributes", "_decode", "at_hand", "base", "left_out")

    def __init__(
        self,
        base: bytes | None = None,
        left_out: Mapping[str, Any] = _NONE,
        decode: Callable[[bytes], dict[str, Any]] | None = None,
        at_hand: Mapping[str, Any] | None = None,
    ) -> None:
        self.base = base
        self.left_out = left_out
        self._decode = decode
        self._attributes: dict[str, Any] | None = None
        self.at_hand = at_hand
        """The very attributes of the session when it was copied: of those that can be changed in place nothing but that
        they were there may be used. None: `attributes` alone says what the copy holds."""

    @property
    def attributes(self) -> dict[str, Any]:
        """What the copy holds."""
        attributes = self._attributes
        if attributes is None:
            attributes = {} if self.base is None or self._decode is None else self._decode(self.base)
            attributes.update(self.left_out)
            self.attributes = attributes
        return attributes

    @attributes.setter
    def attributes(self, attributes: dict[str, Any]) -> None:
        self._attributes, self.at_hand = attributes, None


class PrivateCopies:
    """The steps `copy` and `merge`."""

    def __init__(self, process: Process, reconciling: Reconciling) -> None:
        self._process = process
        self._reconciling = reconciling

    def copy(self, request: RequestState) -> PrivateCopy:
        """Return a copy of what the session of a request holds between two merges; it may not have begun.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path.
        """
        entry, attributes = request.entry, request.attributes or {}
        at_hand = None
        with nullcontext() if entry is None else entry.snapshots:
            base = None if entry is None else self._known(request, entry)
            if entry is not None and base is not None:
                at_hand = dict(attributes)
                if self._known(request, entry) is not base:  # a request has come meanwhile, and may have changed it
                    base = at_hand = None
            if base is None:
                base = self._process.codec.encode(attributes)
            left_out = self._left_out(attributes)
        return PrivateCopy(base, left_out, self._process.codec.decode_own, at_hand)

    def _known(self, request: RequestState, entry: Entry) -> bytes | None:
        """Return what the attributes were encoded to last if nobody can have changed them since; else None.

        That is so where this request was handed nothing that it could change, no other has the session open, and all
        that had it have committed what they changed, and nothing of that was left out.
        What a request changes deep inside a value after its last commit is found by the next commit, as ever, and is in
        no copy before that.
        """
        # First whether it is alone: who leaves meanwhile has left marks before.
        alone = entry.active == 1 and not request.released and not request.changeable
        settled = not (entry.overlooked or entry.unbacked or entry.left or entry.displaced)
        return entry.newest if alone and settled and self._process.settings.enabled else None

    def has_changed(self, copy: PrivateCopy) -> bool:
        """Return whether a copy holds something else than when it was made, or merged last.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path.
        """
        attributes, left_out = copy.attributes, self._left_out(copy.attributes)
        if (
            any(left_out.get(name) is not value for name, value in copy.left_out.items())
            or left_out.keys() - copy.left_out
        ):
            return True
        return self._process.codec.encode(attributes) != copy.base

    def merge(self, entry: Entry, copy: PrivateCopy) -> None:
        """Bring what was changed in a copy into the session.

        Raises
        ------
        SerializationError
            A value cannot be kept; with its path. Nothing was changed.
        """
        changed, left_out = self._process.codec.encode(copy.attributes), self._left_out(copy.attributes)
        if changed != copy.base:
            self._merge(entry, copy.base, changed)
        if left_out or copy.left_out:
            with entry.snapshots:
                _put_changes(entry.attributes, copy.left_out, left_out)
        copy.base, copy.left_out = changed, left_out

    def put(self, attributes: dict[str, Any], copy: PrivateCopy) -> None:
        """Let a session that has not begun hold what a copy does."""
        changed, left_out = self._process.codec.encode(copy.attributes), self._left_out(copy.attributes)
        attributes.clear()
        attributes.update(self._process.codec.decode_own(changed), **left_out)
        copy.base, copy.left_out = changed, left_out

    def _merge(self, entry: Entry, base: bytes | None, changed: bytes) -> None:
        codec = self._process.codec
        was = {} if base is None else codec.decode_own(base)
        theirs = codec.decode_own(changed)
        for attempt in range(SNAPSHOT_ATTEMPTS):
            mine = codec.kept(entry.attributes)
            before = self._reconciling.before_a_merge(entry, mine)
            try:
                if codec.encode(mine) == base:  # nobody else has changed anything
                    merged = Merged(theirs, frozenset(mine.keys() | theirs.keys()), frozenset())
                else:
                    merged = merge_descendant(was, mine, theirs, codec.serializer, mine_wins=False)
            except RuntimeError as error:
                if attempt + 1 == SNAPSHOT_ATTEMPTS or not changed_meanwhile(error):
                    raise
                continue  # another request is changing a value
            with entry.snapshots:
                if self._reconciling.apply(entry, mine, merged, before):
                    return
        raise RuntimeError("other requests do not stop changing the session")

    def _left_out(self, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        codec = self._process.codec
        if codec.keeps_all:
            return _NONE
        kept = codec.kept(attributes)
        return {name: value for name, value in attributes.items() if name not in kept}


def _put_changes(attributes: dict[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Set and remove what is another object than before."""
    missing = object()
    attributes.update({name: value for name, value in after.items() if before.get(name, missing) is not value})
    for name in before.keys() - after.keys():
        attributes.pop(name, None)
