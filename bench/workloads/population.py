"""All sessions of a site: a thousand, most of them small and a few of them large.

Sizes are log-normal, as they are found where many things multiply (visits, items, what is kept of each). A figure for
it is the cost of a whole site: large sessions weigh as much as they do there. Every session is another one, made of
parts that are drawn for it. Only strings, numbers, booleans, None, lists and dicts, so every serializer can take it.
The seed is 69314, the first digits of the natural logarithm of 2: taken from nature, so chosen for no serializer.
"""

from collections.abc import Callable
from math import exp
from random import Random
from statistics import NormalDist

from ..workload import Workload

SEED = 69314

SESSIONS = 1_000

MEDIAN_SIZE = 1_200
"""Bytes as JSON."""

_SPREAD = 1.15
"""Of the logarithm of the sizes: the largest of a thousand is some forty times the median."""

_VISITOR_SIZE = 150
"""Bytes as JSON of what every session has."""

_WORDS = (
    *("amber", "birch", "brass", "canvas", "cedar", "clay", "copper", "cotton", "glass", "linen", "oak", "slate"),
    *("basket", "bowl", "chair", "clock", "drawer", "kettle", "lamp", "mirror", "mug", "rug", "shelf", "vase"),
)
_LANGUAGES = ("de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr")


def build_population(seed: int) -> list[dict[str, object]]:
    """Return the sessions of a site.

    Parameters
    ----------
    seed
        Where the random values start.

    >>> sessions = build_population(SEED)
    >>> len(sessions), len({str(session) for session in sessions})
    (1000, 1000)
    """
    random = Random(seed)  # noqa: S311 - reproducible data, no secrets
    sizes = [_size((number + 0.5) / SESSIONS) for number in range(SESSIONS)]
    random.shuffle(sizes)
    return [_session(random, number, size) for number, size in enumerate(sizes)]


def _size(share: float) -> float:
    """Return the size that a share of all sessions is smaller than: no draw, so that the largest is no luck."""
    return MEDIAN_SIZE * exp(_SPREAD * NormalDist().inv_cdf(share))


def _session(random: Random, number: int, size: float) -> dict[str, object]:
    session: dict[str, object] = {
        "id": number * 7919 + random.getrandbits(12),
        "csrf_token": random.randbytes(16).hex(),
        "language": random.choice(_LANGUAGES),
        "fresh": random.random() < 0.3,
        "referrer": None if random.random() < 0.5 else f"https://example.org/{random.choice(_WORDS)}",
    }
    left = max(0.0, size - _VISITOR_SIZE)
    for name, make, part_size in random.sample(_PARTS, len(_PARTS)):
        # The last kind of part takes what the others leave, however much that is.
        share = left * random.random() if len(session) < len(_PARTS) + 4 else left
        count = int(share / part_size)
        session[name] = [make(random) for _ in range(count)]
        left -= count * part_size
    return session


def _item(random: Random) -> object:
    return {
        "sku": f"{random.getrandbits(32):08x}",
        "name": f"{random.choice(_WORDS)} {random.choice(_WORDS)}",
        "price": random.getrandbits(14) / 100,
        "quantity": random.getrandbits(2) + 1,
        "gift": random.random() < 0.2,
    }


def _page(random: Random) -> object:
    return [f"/{random.choice(_WORDS)}/{random.getrandbits(20)}", 1_772_000_000 + random.getrandbits(20)]


def _search(random: Random) -> object:
    return {"query": " ".join(random.choices(_WORDS, k=3)), "page": random.getrandbits(3), "filter": None}


def _number(random: Random) -> object:
    return random.getrandbits(30)


_Part = tuple[str, Callable[[Random], object], int]
_PARTS: tuple[_Part, ...] = (
    ("cart", _item, 85),
    ("visited", _page, 28),
    ("searches", _search, 56),
    ("seen", _number, 11),
)
"""Name, what makes one, and its bytes as JSON."""

POPULATION = Workload(
    name="population",
    description=f"{SESSIONS} sessions of a site, of log-normal sizes, plain data",
    seed=SEED,
    build=lambda: build_population(SEED),
    population=True,
)
