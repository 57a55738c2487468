"""Strings anonymized: other letters, as many of them, as many bytes, and what was equal is equal.

A string is taken apart into words (runs of letters and digits) and what is between them, which stays. A word becomes
the same word wherever it is, so that a compressor finds as much as before. A random token (digits and letters mixed, as
in ids and hashes) is drawn anew from the letters of such tokens, each as likely as the others.

Invariants: other strings become other strings; none of the originals, and no word of four or more letters of them, is
in what comes out.
"""

import re
from collections import Counter
from itertools import groupby, pairwise
from random import Random

from .letters import Letters, class_of, script_of, token_alphabet
from .survivors import Survivors

_RUN = re.compile(r"(?:[A-Za-z0-9]|[^\x00-\x7f])+")
_HEXADECIMAL = re.compile(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f:{}-]{8,}|(?=.*[0-9])(?=.*[A-F])[0-9A-F:{}-]{8,}", re.DOTALL)
_TOKEN_SIZE = 8
_TOKEN_CHANGES = 3
"""Of letters to digits, of digits to letters: from there on it is no word with a number behind it."""

_DRAWS = 30
_REPAIRS = 400
_LONG_NUMBER = 3
"""Digits: numbers that begin alike shall do so afterwards, as moments and ids do."""


class TextError(ValueError):
    """No other string could be found."""


class Texts:
    """Anonymizes strings.

    Parameters
    ----------
    originals
        Every string that there is, as often as it is there: none of them may come out.
    random
        What is drawn from.

    >>> texts = Texts(Counter(["Ada Lovelace", "Dear Ada!"]), Random(1))
    >>> name, greeting = texts.replaced("Ada Lovelace"), texts.replaced("Dear Ada!")
    >>> len(name), name[3], name[:3] == greeting[5:8], "Ada Lovelace" in (name, greeting)
    (12, ' ', True, False)
    """

    def __init__(self, originals: Counter[str], random: Random) -> None:
        self._random = random
        self._survivors = Survivors[str]()
        words: Counter[str] = Counter()
        for original, count in originals.items():
            self._survivors.add(original)
            if not _HEXADECIMAL.fullmatch(original):
                for run in _RUN.findall(original):
                    for word in () if _is_token(run) else _words(run):
                        words[word] += count
        for word in words:
            if word.isalpha():
                self._survivors.add(word)
        self._letters = Letters(words)
        self._replaced: dict[str, str] = {"": ""}
        self._taken: set[str] = {""}
        self._pieces: dict[str, str] = {}
        self._taken_pieces: set[str] = set()

    def replaced(self, text: str) -> str:
        """Return what stands for a string, and always the same.

        Raises
        ------
        TextError
            There is no other string of its kind that is none of the originals.
        """
        known = self._replaced.get(text)
        if known is None:
            hexadecimal = bool(_HEXADECIMAL.fullmatch(text))
            drawn = _RUN.sub(lambda run: self._run(run[0], hexadecimal=hexadecimal), text)
            known = self._replaced[text] = self._repaired(drawn)
            self._taken.add(known)
        return known

    def _run(self, run: str, *, hexadecimal: bool) -> str:
        if hexadecimal or _is_token(run):
            known = self._pieces.get(run)
            if known is None:
                hexadecimal = bool(_HEXADECIMAL.fullmatch(run)) or hexadecimal
                alphabets = [token_alphabet(character, hexadecimal=hexadecimal) for character in run]
                known = "".join(map(self._random.choice, alphabets))
                if len(run) >= _TOKEN_SIZE:
                    self._pieces[run] = known
            return known
        return "".join(map(self._piece, _words(run)))

    def _piece(self, piece: str) -> str:
        """Return what stands for a word or a number: another one for another one, as far as there are enough."""
        known = self._pieces.get(piece)
        if known is None:
            for _ in range(_DRAWS):
                known = self._number(piece) if piece[0].isdecimal() and piece.isascii() else self._word(piece)
                free = known not in self._taken_pieces and (known != piece or len(piece) == 1)
                if free and not self._survivors.found(known):
                    break
            else:
                known = self._left_over(piece) or self._word(piece)
            self._pieces[piece] = known
            self._taken_pieces.add(known)
        return known

    def _word(self, word: str) -> str:
        drawn: list[str] = []
        before = ""
        for character in word:
            before = self._letters.drawn(self._random, character, before)
            drawn.append(before)
        return "".join(drawn)

    def _number(self, digits: str) -> str:
        zeros = len(digits) - len(digits.lstrip("0"))
        if zeros:
            return digits[:zeros] + (self._piece(digits[zeros:]) if digits[zeros:] else "")
        if len(digits) >= _LONG_NUMBER:
            half = (len(digits) + 1) // 2
            return self._piece(digits[:half]) + "".join(self._random.choices("0123456789", k=len(digits) - half))
        low = 10 ** (len(digits) - 1)
        return str(self._random.randrange(low, 10 * low))

    def _left_over(self, piece: str) -> str | None:
        """Return a letter that stands for no other letter yet: of few there is mostly just one left."""
        if len(piece) > 1:
            return None
        return next((letter for letter in self._letters.alphabet(piece) if letter not in self._taken_pieces), None)

    def _repaired(self, text: str) -> str:
        """Return a text in which nothing survives and which no other string has become."""
        for attempt in range(_REPAIRS):
            places = self._survivors.found(text) or ([(0, len(text))] if text in self._taken else [])
            if not places:
                return text
            characters = list(text)
            for start, end in places:
                position = self._random.randrange(start, end)
                characters[position] = self._other(characters[position], attempt)
            text = "".join(characters)
        raise TextError("no other string of its kind is free")

    def _other(self, character: str, attempt: int) -> str:
        """Return another character of the class; where that has not helped, any of as many bytes."""
        near = self._letters.alphabet(character)
        if attempt < _REPAIRS // 4 and len(near) > 1:
            return self._random.choice(near)
        size = class_of(character)[0]
        ranges = {1: (0x21, 0x7F), 2: (0xC0, 0x250), 3: (0x4E00, 0x9FA0), 4: (0x1F300, 0x1F5FF)}
        return chr(self._random.randrange(*ranges[size]))


def _is_token(run: str) -> bool:
    """Whether a run is no word, nor a word and a number."""
    if len(run) < _TOKEN_SIZE or not run.isascii():
        return False
    changes = sum(one.isdecimal() != other.isdecimal() for one, other in pairwise(run))
    return changes >= _TOKEN_CHANGES


def _words(run: str) -> list[str]:
    """Return the parts of a run that are of one script each.

    >>> _words("Größe12"), _words("東京へ")
    (['Größe', '12'], ['東京', 'へ'])
    """
    return ["".join(part) for _, part in groupby(run, script_of)]
