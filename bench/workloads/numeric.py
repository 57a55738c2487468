"""What a page with charts keeps between requests: lists of numbers, and little else.

Measurements have as many digits as an instrument gives, or all that a computation leaves; counts are small, ids and
times are not. Only numbers, strings, lists and dicts, so every serializer can take it. The seed is 57721, the first
digits of Euler's constant: taken from nature, so chosen for no serializer.
"""

from random import Random

from ..workload import Workload

SEED = 57721

READINGS = 240

_MINUTE = 60


def build_numeric(seed: int) -> dict[str, object]:
    """Return a session that holds the series of a chart.

    Parameters
    ----------
    seed
        Where the random numbers start.

    >>> series = build_numeric(SEED)["chart"]["series"]
    >>> [name for name in series], len(series["temperature"])
    (['temperature', 'smoothed', 'visitors', 'balance'], 240)
    """
    random = Random(seed)  # noqa: S311 - reproducible data, no secrets
    temperature = [round(random.gauss(21, 3), 1) for _ in range(READINGS)]
    opened = 1_772_000_000 + random.randrange(1_000_000)
    return {
        "user_id": random.randrange(10_000, 1_000_000),
        "chart": {
            "zoom": round(random.uniform(1, 4), 2),
            "times": [opened + _MINUTE * number + random.randrange(3) for number in range(READINGS)],
            "series": {
                "temperature": temperature,
                "smoothed": _smoothed(temperature),
                "visitors": [int(random.expovariate(1 / 40)) for _ in range(READINGS)],
                "balance": [random.randrange(-5_000_000, 5_000_000) for _ in range(READINGS // 4)],
            },
            "matrix": [[random.uniform(-1, 1) for _ in range(8)] for _ in range(8)],
        },
        "selected": random.sample(range(1 << 40, 1 << 41), 40),
    }


def _smoothed(values: list[float]) -> list[float]:
    """Return a running mean, with all the digits that the division leaves."""
    mean, smoothed = values[0], list[float]()
    for value in values:
        mean += (value - mean) / 7
        smoothed.append(mean)
    return smoothed


NUMERIC = Workload(
    name="numeric",
    description=f"series of {READINGS} floats and ints for charts, plain data",
    seed=SEED,
    build=lambda: build_numeric(SEED),
)
