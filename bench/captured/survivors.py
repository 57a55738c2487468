"""Finds what must not be in an anonymized session: an original string, or a piece of bytes, of four or more characters.

Invariant: `Survivors.found` is empty only for a text in which nothing that was added is.
"""

from typing import Generic, TypeVar

SHORTEST = 4
"""Characters, or bytes, from which on a string says something: a shorter one is found in any text."""

_Text = TypeVar("_Text", str, bytes)


class Survivors(Generic[_Text]):
    """The originals.

    >>> originals = Survivors[str]()
    >>> originals.add("Ada Lovelace")
    >>> originals.found("Dear Ada Lovelace!"), originals.found("Dear Ada!")
    ([(5, 17)], [])
    """

    def __init__(self) -> None:
        # By their beginning and length, so that looking for them costs no more where there are many.
        self._by_beginning: dict[_Text, dict[int, set[_Text]]] = {}

    def add(self, original: _Text) -> None:
        """Remember an original; one that is too short to say anything is passed over."""
        if len(original) >= SHORTEST:
            by_length = self._by_beginning.setdefault(original[:SHORTEST], {})
            by_length.setdefault(len(original), set()).add(original)

    def found(self, text: _Text) -> list[tuple[int, int]]:
        """Return where originals begin and end in a text; of several that overlap, one."""
        places: list[tuple[int, int]] = []
        beyond = 0
        for start in range(len(text) - SHORTEST + 1):
            by_length = self._by_beginning.get(text[start : start + SHORTEST])
            if by_length and start >= beyond:
                for length, originals in by_length.items():
                    if text[start : start + length] in originals:
                        beyond = start + length
                        places.append((start, beyond))
                        break
        return places
