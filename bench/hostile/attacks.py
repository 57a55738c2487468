"""The attacks by name. Invariant: an attack has the same payloads in every child, so that one can be found again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ...serializers.damaged import mutations
from .bombs import depths, expansions, floods, long_numbers, memory_bombs
from .code import code


@dataclass(frozen=True)
class Material:
    """What payloads are made of."""

    valid: list[bytes] = field(default_factory=list[bytes])
    """Payloads that the serializer wrote, the richest last."""
    mutations: int = 0
    folder: str = ""
    """Where code that is run leaves its mark."""


@dataclass(frozen=True)
class Attack:
    """Bytes that somebody made to harm."""

    name: str
    payloads: Callable[[Material], Iterator[bytes]]
    needs_valid: bool = False
    """Whether there is no such attack on a serializer that writes nothing."""


def _truncations(material: Material) -> Iterator[bytes]:
    payload = material.valid[-1]
    return (payload[:length] for length in range(len(payload)))


def _damaged(material: Material) -> Iterator[bytes]:
    return mutations(material.valid, material.mutations)


ATTACKS = (
    Attack("code execution", lambda material: code(material.folder)),
    Attack("memory bombs", lambda _: memory_bombs()),
    Attack("long numbers", lambda _: long_numbers()),
    Attack("reference expansion", lambda _: expansions()),
    Attack("depth", lambda material: depths(material.valid)),
    Attack("hash flooding", lambda _: floods()),
    Attack("truncation", _truncations, needs_valid=True),
    Attack("bit flips", _damaged, needs_valid=True),
)
"""Every attack, in the order of the reports."""
