"""How much a run measures: quick for a look, the default for a result, rigorous for one to defend.

The figures of a level are chosen for the time that it takes with the installed serializers and workloads on a machine
of two cores: under 1 minute, about 7, and as long as it takes.
"""

from dataclasses import dataclass
from enum import StrEnum

from .passes import Passes


class Measure(StrEnum):
    """A part of a run, which the others do not need."""

    TIMING = "timing"
    COMPRESSION = "compression"
    STORAGE = "storage"
    MEMORY = "memory"
    STARTUP = "startup"
    EVOLUTION = "evolution"
    FIDELITY = "fidelity"
    HOSTILE = "hostile"
    END_TO_END = "end-to-end"


@dataclass(frozen=True)
class Level:
    """How much a run measures."""

    name: str
    passes: Passes
    measures: tuple[Measure, ...]
    """What is measured, unless somebody asks for other parts."""
    workloads: tuple[str, ...] = ()
    """On what, unless somebody asks for other workloads; empty: on all."""
    compression_passes: int = 2
    startups: int = 5
    """New interpreters for each serializer."""
    end_to_end_seconds: float = 0.2
    end_to_end_rounds: int = 3
    mutations: int = 2_000
    """Damaged payloads for each serializer."""


QUICK = Level(
    "quick",
    Passes(5, samples=3, sample_seconds=0.001),
    measures=(Measure.TIMING, Measure.COMPRESSION, Measure.STORAGE, Measure.EVOLUTION, Measure.FIDELITY),
    workloads=("cart-objects", "cart-plain", "login", "msm-persons-100", "wizard"),
    compression_passes=1,
)
DEFAULT = Level("default", Passes(13, samples=3, sample_seconds=0.001), measures=tuple(Measure))
RIGOROUS = Level(
    "rigorous",
    Passes(31, samples=3, sample_seconds=0.002),
    measures=tuple(Measure),
    compression_passes=5,
    startups=11,
    end_to_end_seconds=0.6,
    end_to_end_rounds=7,
    mutations=10_000,
)
GATE = Level(
    "gate",
    Passes(9, samples=3, sample_seconds=0.001),
    measures=(Measure.TIMING, Measure.FIDELITY),
    workloads=("cart-objects", "cart-plain", "login"),
)
"""What a change is held to a baseline by."""

LEVELS = {level.name: level for level in (QUICK, DEFAULT, RIGOROUS, GATE)}

END_TO_END_WORKLOADS = ("cart-plain", "cart-objects")
"""What requests go through memcached with, unless other workloads were asked for."""
