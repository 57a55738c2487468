"""Which characters may stand for which, and how often each is drawn.

A character is replaced by one of its class: as many bytes of UTF-8, the same category of Unicode (capital letter, small
letter, digit, punctuation, ...), the same script, and as long when JSON escapes it. Invariant: no alphabet is so small
that what is drawn from it would be what was there before.
"""

import sys
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from random import Random
from unicodedata import category

CharacterClass = tuple[int, str, str]
"""Bytes of UTF-8, category, script."""

_ENOUGH = 12
"""Letters of an alphabet; where fewer were seen, their neighbours in Unicode join them."""

_ENOUGH_PAIRS = 60
"""Times that a letter must have been followed by others, and at least `_ENOUGH` of them, for these to be drawn after
it: what followed it once or twice would give the original away."""

_BLOCK = 128
_HEXADECIMAL = {"0": "0123456789", "a": "abcdef", "A": "ABCDEF"}


@cache
def script_of(character: str) -> str:
    """Return what a run of letters has in common: digits, a script, or a block of Unicode where there is no name.

    >>> script_of("a"), script_of("Ö"), script_of("7"), script_of("語")
    ('latin', 'latin', 'digit', 'cjk')
    """
    point = ord(character)
    if "0" <= character <= "9":
        return "digit"
    if point < 0x250 and character.isalpha():
        return "latin"
    if 0x4E00 <= point < 0xA000:
        return "cjk"
    return "hangul" if 0xAC00 <= point < 0xD7A4 else f"block {point // _BLOCK}"


@cache
def class_of(character: str) -> CharacterClass:
    """Return the class of a character.

    >>> class_of("a") == class_of("z"), class_of("a") == class_of("A"), class_of("a") == class_of("ä")
    (True, False, False)
    """
    kind = category(character)
    if character in '"\\':
        kind = "escaped"
    elif character in "\b\t\n\f\r":
        kind = "escaped control"
    elif kind[0] in "PS" and character.isascii():
        kind = "sign"
    return len(character.encode("utf-8", "surrogatepass")), kind, script_of(character)


def token_alphabet(character: str, *, hexadecimal: bool) -> str:
    """Return the letters of a random token that may stand for one of its letters, each as likely as the others.

    >>> token_alphabet("c", hexadecimal=True), len(token_alphabet("c", hexadecimal=False))
    ('abcdef', 26)
    """
    first = "0" if character.isdecimal() else "a" if character.islower() else "A"
    if hexadecimal:
        return _HEXADECIMAL[first]
    return "".join(map(chr, range(ord(first), ord(first) + (10 if first == "0" else 26))))


class Letters:
    """Draws characters as often as they are in the words that were counted.

    Parameters
    ----------
    words
        Every word as often as it is there.
    """

    def __init__(self, words: Counter[str]) -> None:
        seen: dict[CharacterClass, Counter[str]] = defaultdict(Counter)
        followed: dict[tuple[CharacterClass, str], Counter[str]] = defaultdict(Counter)
        for word, count in words.items():
            before = ""
            for character in word:
                kind = class_of(character)
                seen[kind][character] += count
                if before:
                    followed[kind, before][character] += count
                before = character
        self._single = {kind: _Alphabet(counts, kind) for kind, counts in seen.items()}
        self._after = {
            pair: _Alphabet(counts)
            for pair, counts in followed.items()
            if len(counts) >= _ENOUGH and counts.total() >= _ENOUGH_PAIRS
        }

    def drawn(self, random: Random, character: str, before: str) -> str:
        """Return what may stand for a character behind another one."""
        kind = class_of(character)
        return (self._after.get((kind, before)) or self._of(kind, character)).drawn(random)

    def alphabet(self, character: str) -> list[str]:
        """Return all that may stand for a character."""
        return self._of(class_of(character), character).letters

    def _of(self, kind: CharacterClass, character: str) -> "_Alphabet":
        found = self._single.get(kind)
        if found is None:
            found = self._single[kind] = _Alphabet(Counter([character]), kind)
        return found


class _Alphabet:
    def __init__(self, counts: Counter[str], kind: CharacterClass | None = None) -> None:
        if kind and len(counts) < _ENOUGH:
            counts = counts + Counter(_neighbours(min(counts), kind))
        self.letters = sorted(counts)
        self._cumulated = list(accumulate(counts[letter] for letter in self.letters))

    def drawn(self, random: Random) -> str:
        return self.letters[bisect(self._cumulated, random.random() * self._cumulated[-1])]


def _neighbours(character: str, kind: CharacterClass) -> Iterable[str]:
    """Return the characters of the same class near by."""
    start = ord(character) // _BLOCK * _BLOCK
    near = range(start, min(start + _BLOCK, sys.maxunicode + 1))
    return [other for other in map(chr, near) if class_of(other) == kind]
