"""A session in which every value and every key is another one, so that remembering what has been seen gains nothing.

Back-references, string tables and key tables make sessions small that repeat themselves, and cost time in any. Here is
only the cost. There are all types of JSON and strings of many scripts; True, False, None and the empty containers are
there once, since each of them is equal only to itself. The seed is 12020, the first digits of Apéry's constant: taken
from nature, so chosen for no serializer.
"""

from collections.abc import Callable
from random import Random
from typing import TypeVar

from ..workload import Workload

SEED = 12020

GROUPS = 12

_Value = TypeVar("_Value", str, int, float)

_GROUP_SIZE = 8

_SCRIPTS = (
    *(["abcdefghijklmnopqrstuvwxyz0123456789"] * 4),  # ASCII as often as all others together
    "äöüßéèçñøåœ",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "абвгдежзийклмнопрстуфхцчшщ",
    "אבגדהוזחטיכלמנ",
    "あいうえおかきくけこさしすせそ漢字仮名交文",
    "😀🚲🌷📦🔔🗝",
)


def build_honesty(seed: int) -> dict[str, object]:
    """Return a session without any two equal values.

    Parameters
    ----------
    seed
        Where the random values start.

    >>> session = build_honesty(SEED)
    >>> len(session), sorted({type(value).__name__ for value in session.values()})
    (14, ['NoneType', 'bool', 'dict', 'list'])
    """
    values = _NewValues(seed)
    parts: list[object] = [values.group(number) for number in range(GROUPS - 1)]
    parts += [True, None, [False, {}, []]]
    values.random.shuffle(parts)
    return {values.text(): part for part in parts}


class _NewValues:
    """Draws values, none twice: numbers that are equal count as one, whatever their type."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - reproducible data, no secrets
        self._seen: set[object] = {0, 1}  # equal to False and True

    def group(self, number: int) -> object:
        """Return a list of values, or a dict of them under new keys, and sometimes one in another."""
        values: list[object] = [self._scalar() for _ in range(_GROUP_SIZE)]
        if number % 3 == 0:
            values.append([self._scalar(), {self.text(): self._scalar()}])
        return values if number % 2 else {self.text(): value for value in values}

    def text(self) -> str:
        """Return a string."""
        length = 3 + int(self.random.expovariate(1 / 9))
        return self._new(lambda: "".join(self.random.choices(self.random.choice(_SCRIPTS), k=length)))

    def _scalar(self) -> object:
        kind = self.random.randrange(5)
        if kind == 0:
            return self._new(lambda: self.random.getrandbits(self.random.randrange(4, 54)))
        if kind == 1:
            return self._new(lambda: self.random.uniform(-1000, 1000))
        return self.text()

    def _new(self, draw: Callable[[], _Value]) -> _Value:
        while (value := draw()) in self._seen:
            pass
        self._seen.add(value)
        return value


HONESTY = Workload(
    name="honesty",
    description="every value and key another one: nothing to gain by remembering, plain data",
    seed=SEED,
    build=lambda: build_honesty(SEED),
)
