"""A result made by hand that has every kind of row and cell: what reports are tested on.

Its figures are round and ordered by intent (compact before msgpack before pickle), so that tests can say what must come
out; nothing of it was measured. Labels and details hold what would do harm in a page, a table or a terminal.
"""

from dataclasses import replace

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.intervals import Estimate, estimate, exactly
from memcached_sessions.bench.result import (
    SCHEMA,
    CaseResult,
    Compressed,
    Defence,
    EndToEnd,
    EvolutionCell,
    Fate,
    FidelityCell,
    HostileCell,
    Machine,
    Memory,
    Noise,
    Ratios,
    Result,
    SerializerFacts,
    Startup,
    Storage,
    StoreFacts,
    WorkloadFacts,
)

HOSTILE_TEXT = "</script><img src=x onerror=alert(1)> & \"quoted\" 'too' \u2028 | *stars*"
"""A detail that would end a script, start another, and break a table."""

PASSES = 15

_CLAIMS = ("identity", "cycles", "tuples", "sets", "non_str_keys", "big_ints", "subclasses", "registered_classes",
           "evolution", "canonical", "safe", "cross_language")  # fmt: skip

_SPEEDS = {
    "bare-pickle": (20e-6, 24e-6, 2_000),
    "bare-orjson": (4e-6, 6e-6, 1_700),
    "compact": (8e-6, 9e-6, 1_000),
    "compact-portable": (8e-6, 12e-6, 1_000),
    "msgpack": (16e-6, 14e-6, 1_400),
    "cbor": (24e-6, 26e-6, 1_500),
    "pickle": (26e-6, 40e-6, 2_000),
    "slow-plugin": (400e-6, 500e-6, 2_600),
}
"""Seconds of dumps and loads, and bytes, on a workload of factor 1."""

_WORKLOADS = {"login": (0.2, 1), "cart-objects": (3.0, 1), "population": (1.5, 100)}
"""How much larger everything is there, and how many sessions there are."""


def verified_row() -> CaseResult:
    """Return a row with all figures."""
    return CaseResult(
        "cart-objects",
        "msgpack",
        "msgpack",
        {},
        Outcome.VERIFIED,
        verified=True,
        identity=False,
        bytes=2_910,
        dumps=Estimate(21e-6, 20e-6, 22e-6),
        loads=Estimate(11e-6, 10e-6, 12e-6),
        round_trip=Estimate(99e-6, 90e-6, 120e-6),
        bare_dumps=Estimate(3.1e-6, 3.0e-6, 3.2e-6),
        bare_loads=Estimate(10e-6, 9e-6, 11e-6),
        overhead_dumps=Estimate(5.774, 5.5, 6.0),
        overhead_loads=Estimate(0.10, 0.05, 0.15),
        items=93,
        converted=48,
        ratio=Ratios(
            dumps=Estimate(2.0, 1.9, 2.1),
            loads=Estimate(1.05, 0.99, 1.1),
            round_trip=Estimate(0.5, 0.4, 0.6),
            bytes=exactly(1.31),
        ),
    )


def small_result() -> Result:
    """Return a result with a row of each outcome, and with nothing beyond what a short run has."""
    login = CaseResult(
        "login", "pickle", "bare-pickle", {"unrestricted": True, "level": 2}, Outcome.VERIFIED, verified=True
    )
    return Result(
        schema=SCHEMA,
        created="2026-11-22T11:00:00+00:00",
        command="session-bench",
        duration_s=12.5,
        machine=Machine("A processor", 2, 8 * 2**30, "Linux x86_64", "3.11.7", "CPython"),
        libraries={"msgpack": "1.2.4", "orjson": "3.13.0"},
        passes=PASSES,
        confidence=0.99,
        store=StoreFacts("memcached", "1.6.18"),
        serializers=(
            SerializerFacts("msgpack", "memcached-sessions", "0.1.0", "msgpack 1.2.4", None),
            SerializerFacts("rotten", "rotten-plugin", "0.3", "", "ImportError: no module called librotten"),
        ),
        workloads=(
            WorkloadFacts("login", "after login", 14142, "memcached-sessions", "0.1.0", None),
            WorkloadFacts("cart-objects", "a cart", None, "memcached-sessions", "0.1.0", None),
        ),
        cases=(
            login,
            verified_row(),
            rejected("json", Outcome.REFUSED, "Money is not registered", "cart.items[3].price"),
            rejected("lying", Outcome.UNFAITHFUL, "tuple became list", "cart.items[0].size"),
            rejected("crashing", Outcome.FAILED, "KeyError: 'x'", ""),
        ),
    )


def rejected(serializer: str, outcome: Outcome, detail: str, path: str) -> CaseResult:
    """Return a row without figures."""
    return CaseResult("cart-objects", serializer, serializer, {}, outcome, verified=False, detail=detail, path=path)


def full_result() -> Result:
    """Return a result in which every measure has figures."""
    labels = tuple(_SPEEDS)
    cases = [_case(workload, label) for workload in _WORKLOADS for label in labels]
    cases += [replace(case, gc="disabled") for case in cases if case.workload == "login"]
    cases += [_floor(workload) for workload in _WORKLOADS]
    cases += [
        rejected("json", Outcome.REFUSED, "Money is not registered", "cart.items[3].price"),
        rejected(f"lying {HOSTILE_TEXT}", Outcome.UNFAITHFUL, HOSTILE_TEXT, "cart.items[0].size"),
        rejected("crashing", Outcome.FAILED, "KeyError: 'x'", ""),
    ]
    return replace(
        small_result(),
        serializers=_serializers(),
        workloads=tuple(
            WorkloadFacts(name, f"what {name} leaves behind", 14142, "memcached-sessions", "0.1.0", None)
            for name in _WORKLOADS
        ),
        cases=tuple(cases),
        noise=tuple(
            Noise(name, gc, Estimate(1.001, 0.99, 1.01), Estimate(1.02, 0.99, 1.03), Estimate(1, 0.98, 1.02))
            for name, gc in (*((name, "enabled") for name in _WORKLOADS), ("login", "disabled"))
        ),
        tie_band={"dumps": 0.03, "loads": 0.035, "round_trip": 0.03},
        startups=(
            *(
                Startup(label, _around(0.05 * (1 + number / 4)), _around(2e-4), _around(1e-4))
                for number, label in enumerate(labels)
            ),
            Startup("crashing", exactly(0), exactly(0), exactly(0), "the process ended with signal 11"),
        ),
        evolution=tuple(
            EvolutionCell(label, change, Outcome.REFUSED if label == "cbor" and "renamed" in change else
                          Outcome.VERIFIED)
            for label in labels
            for change in ("field added", "field removed", "class renamed")
        ),
        fidelity=_fidelity(labels),
        hostile=_hostile(labels),
        end_to_end=_end_to_end(labels),
    )  # fmt: skip


def _serializers() -> tuple[SerializerFacts, ...]:
    rich = dict.fromkeys(_CLAIMS, True)
    plain = rich | {"identity": False, "cycles": False}

    def facts(name: str, claims: dict[str, bool], *variants: str, reference: bool = False) -> SerializerFacts:
        return SerializerFacts(
            name, "memcached-sessions", "0.1.0", f"{name} 1.0", None, claims, variants or (name,), reference
        )

    return (
        facts("bare-pickle", rich | {"safe": False}, reference=True),
        facts("bare-orjson", plain, reference=True),
        facts("construction-floor", {}, reference=True),
        facts("compact", rich | {"cross_language": False}, "compact", "compact-portable"),
        facts("msgpack", plain),
        facts("cbor", plain),
        facts("json", plain),
        facts("pickle", rich | {"safe": False, "cross_language": False}),
        facts("slow-plugin", plain),
        SerializerFacts("rotten", "rotten-plugin", "0.3", "", f"ImportError: {HOSTILE_TEXT}"),
    )


def _case(workload: str, label: str) -> CaseResult:
    factor, sessions = _WORKLOADS[workload]
    dumps, loads, size = _SPEEDS[label]
    base_dumps, base_loads, base_size = _SPEEDS["bare-pickle"]
    serializer = label.removesuffix("-portable")
    round_trip = dumps + loads + 60e-6 / factor
    base_round_trip = base_dumps + base_loads + 60e-6 / factor
    each = int(size * factor)
    largest = each * (4 if sessions > 1 else 1)
    times = {"dumps": dumps, "loads": loads, "round_trip": round_trip}
    samples = {name: _samples(time * factor, len(label)) for name, time in times.items()}
    return CaseResult(
        workload,
        serializer,
        label,
        {"portable": True} if label.endswith("portable") else {},
        Outcome.VERIFIED,
        verified=True,
        identity=label not in ("msgpack", "cbor", "bare-orjson", "slow-plugin"),
        sessions=sessions,
        bytes=each * sessions,
        largest=largest,
        dumps=estimate(samples["dumps"]),
        loads=estimate(samples["loads"]),
        round_trip=estimate(samples["round_trip"]),
        bare_dumps=_around(dumps * factor / 2),
        bare_loads=_around(loads * factor / 2),
        conversion_dumps=_around(dumps * factor / 2),
        conversion_loads=_around(loads * factor / 2),
        overhead_dumps=_around(1.0),
        overhead_loads=_around(1.0),
        envelope_dumps=_around(dumps * factor + 6e-6),
        envelope_loads=_around(loads * factor + 7e-6),
        unchanged=_around(dumps * factor + 1e-6),
        resave=_around(dumps * factor + 8e-6),
        loads_over_floor=_around(loads / 5e-6),
        items=93,
        converted=0 if workload == "login" else 48,
        written_in="C",
        ratio=Ratios(
            dumps=_around(base_dumps / dumps),
            loads=_around(base_loads / loads),
            round_trip=_around(base_round_trip / round_trip),
            bytes=exactly(size / base_size),
        ),
        compressed=(
            _compressed("zlib-6", each * sessions, 0.45, 40e-6 * factor, 9e-6 * factor),
            _compressed("zstd-3", each * sessions, 0.48, 9e-6 * factor, 4e-6 * factor),
        ),
        storage=Storage(
            largest + 120, largest + 190, largest + 170, 12, int(largest * 1.2) + 200, 2**30 // (each * 2), 2**20
        ),
        memory=Memory(each * 3, each * 9),
        samples=samples,
    )


def _floor(workload: str) -> CaseResult:
    time = 5e-6 * _WORKLOADS[workload][0]
    return CaseResult(
        workload, "construction-floor", "construction-floor", {}, Outcome.VERIFIED, verified=True, identity=True,
        loads=_around(time), ratio=Ratios(loads=_around(24 / 5)), samples={"loads": _samples(time, 3)},
    )  # fmt: skip


def _compressed(name: str, size: int, part: float, compress: float, decompress: float) -> Compressed:
    return Compressed(name, int(size * part), _around(compress), _around(decompress), break_even=180)


def _fidelity(labels: tuple[str, ...]) -> tuple[FidelityCell, ...]:
    values = {"tuple": "containers", "set": "containers", "aware datetime": "date and time", "2**70": "numbers",
              "NaN": "numbers", "shared list": "references", "lone surrogate": "text"}  # fmt: skip
    odd = {
        ("cbor", "lone surrogate"): Fate.REFUSED,
        ("msgpack", "shared list"): Fate.EQUAL,
        ("cbor", "shared list"): Fate.EQUAL,
        ("bare-orjson", "tuple"): Fate.CHANGED_TYPE,
        ("bare-orjson", "NaN"): Fate.CHANGED_VALUE,
        ("slow-plugin", "set"): Fate.FAILED,
    }
    return tuple(
        FidelityCell(label, value, group, odd.get((label, value), Fate.IDENTICAL),
                     HOSTILE_TEXT if (label, value) in odd else "")
        for label in labels
        for value, group in values.items()
    )  # fmt: skip


def _hostile(labels: tuple[str, ...]) -> tuple[HostileCell, ...]:
    odd = {
        ("bare-pickle", "code execution"): Defence.CODE,
        ("bare-pickle", "memory bomb"): Defence.MEMORY,
        ("pickle", "memory bomb"): Defence.MEMORY,
        ("slow-plugin", "depth"): Defence.CRASH,
        ("bare-orjson", "code execution"): Defence.NOT_APPLICABLE,
        ("slow-plugin", "bit flips"): Defence.TIME,
        ("slow-plugin", "truncation"): Defence.OTHER_ERROR,
        ("msgpack", "bit flips"): Defence.READ,
    }
    return tuple(
        HostileCell(label, attack, defence, 20, None if defence is Defence.CRASH else 2e-4, 4096, HOSTILE_TEXT)
        for label in labels
        for attack in ("code execution", "memory bomb", "depth", "truncation", "bit flips")
        for defence in (odd.get((label, attack), Defence.REFUSED),)
    )


def _end_to_end(labels: tuple[str, ...]) -> tuple[EndToEnd, ...]:
    measured = [
        EndToEnd(
            "cart-objects", label, mode, concurrency, 2_000,
            _around((4_000 - 100 * number) * (1 if mode == "asyncio" else 1.2) / (1 + concurrency / 40)),
            2e-4 * concurrency, 4e-4 * concurrency, 6e-4 * concurrency, 9e-4 * concurrency,
            stall=3e-4 if mode == "asyncio" else None,
        )
        for number, label in enumerate(labels)
        for mode, concurrency in (("threads", 1), ("threads", 4), ("threads", 16), ("asyncio", 16))
    ]  # fmt: skip
    nothing = EndToEnd("cart-objects", "crashing", "threads", 1, 0, exactly(0), 0, 0, 0, 0, detail="it ended")
    return (*measured, nothing)


def _around(value: float) -> Estimate:
    return Estimate(value, value * 0.97, value * 1.03)


def _samples(value: float, phase: int) -> tuple[float, ...]:
    """Return times within 2 % of a value, the same on every call."""
    return tuple(value * (1 + 0.02 * (((number * 7 + phase) % 5) - 2) / 2) for number in range(PASSES))
