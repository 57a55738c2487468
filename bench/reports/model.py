"""The calculator: what a serializer and a compressor cost a service, from the times and sizes that were measured.

The model, in words (the page shows the same ones, `WORDS`, and its script computes the same numbers):
a request whose session is not in the process loads it; every request encodes its session, to see whether it changed;
one that changed it also stores it. All times and bytes of the payload grow in proportion to the session.
Invariant: nothing here is measured or random; the same inputs give the same numbers everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..intervals import TIE_BAND, Estimate
from ..result import BASELINE, CaseResult, Compressed, Result
from .reading import collector, each_session, reference_labels

WORDS = (
    "A request whose session is not in the process loads it from memcached: one round trip, decompressing, decoding.",
    (
        "Every request encodes its session at its end, to see whether it changed. A request that changed it "
        "compresses and stores it too, and waits for that: one round trip more."
    ),
    (
        "The size that you give is what the session takes under bare-pickle: times and payload bytes of all rows grow "
        "in proportion to it, the envelope and the command around them stay as they are."
    ),
    (
        "CPUs are busy with this work alone, on all of them at once; the network carries both directions on one line, "
        "without TCP and IP. The first of the two that is full is the limit."
    ),
    (
        "Added latency is what a request takes by itself: CPU time, round trips, and bytes on the line. Nothing waits "
        "in a queue, so near the limit it is more."
    ),
    (
        "The best of those that carry your load adds the least latency; if none carries it, the best carries the "
        f"most. Whatever is within {100 * TIE_BAND:.0f} % of the best is named with it."
    ),
)
"""The model, for readers."""


@dataclass(frozen=True)
class Demand:
    """What a service asks for."""

    requests_per_second: float
    write_share: float
    """Of the requests, those that change their session: 0 to 1."""
    load_share: float
    """Of the requests, those whose session is not in the process: 0 to 1; small with sticky sessions."""
    megabits_per_second: float
    """Of the network between the application and memcached; a megabit is 1 000 000 bits."""
    round_trip: float
    """Seconds to memcached and back."""
    cpus: float
    session_bytes: float | None = None
    """Of a session under bare-pickle; None: as the workload has it."""


@dataclass(frozen=True)
class Combination:
    """A serializer with a compressor, or with none, on one workload: seconds and bytes of one session."""

    label: str
    compressor: str
    """Empty: none."""
    reference_bytes: float
    """Of the session under bare-pickle, which sizes are given in."""
    encode: float
    store: float
    """Beyond encoding: the envelope."""
    load: float
    compress: float
    decompress: float
    payload: float
    """As it is stored: compressed, where there is a compressor."""
    save_around: float
    """Bytes on the wire beyond the payload, when it is saved."""
    load_around: float
    reference: bool = False
    """Whether it is there to compare with, and nothing to choose."""


@dataclass(frozen=True)
class Cost:
    """What a combination costs, and what it can carry."""

    combination: Combination
    cpu: float
    """Seconds for a request."""
    bytes: float
    """On the wire, for a request."""
    cpu_limit: float
    """Requests per second that the CPUs allow; infinite if they are not used."""
    network_limit: float
    limit: str
    """``"CPU"`` or ``"network"``: what is full first."""
    capacity: float
    """Requests per second that both allow."""
    latency: float
    """Seconds that a request takes longer."""
    carries: bool
    """Whether the demand is within the capacity."""


def combinations(result: Result, workload: str) -> list[Combination]:
    """Return what can be chosen for a workload, each serializer without a compressor and with each measured one.

    Parameters
    ----------
    result
        What was found; rows without a size, or measured with the garbage collector in another state, are left out.
    workload
        Its name.
    """
    rows = [
        case for case in result.cases if case.workload == workload and case.verified and case.gc == collector(result)
    ]
    base = next((each_session(case) for case in rows if case.label == BASELINE), None)
    references = reference_labels(result)
    found: list[Combination] = []
    for case in rows:
        size = each_session(case)
        if case.dumps and case.loads and size:
            plain = _plain(case, case.dumps, case.loads, size, base or size, reference=case.label in references)
            found += [plain, *(_compressed(plain, case, each) for each in case.compressed)]
    return found


def cost(combination: Combination, demand: Demand) -> Cost:
    """Return what a combination costs under a demand.

    >>> one = Combination("json", "", 1000, 1e-5, 0, 1e-5, 0, 0, 1000, 0, 0)
    >>> found = cost(one, Demand(1000, 0.5, 1.0, 100, 0.001, 2))
    >>> round(found.cpu_limit), round(found.network_limit), found.limit, f"{found.latency:.5f}"
    (100000, 8333, 'network', '0.00164')
    """
    share_saved, share_loaded = demand.write_share, demand.load_share
    grown = (demand.session_bytes or combination.reference_bytes) / combination.reference_bytes
    cpu = grown * (
        share_loaded * (combination.decompress + combination.load)
        + combination.encode
        + share_saved * (combination.store + combination.compress)
    )
    payload = grown * combination.payload
    sent = share_loaded * (payload + combination.load_around) + share_saved * (payload + combination.save_around)
    bytes_per_second = demand.megabits_per_second * 1e6 / 8
    cpu_limit = demand.cpus / cpu if cpu else float("inf")
    network_limit = bytes_per_second / sent if sent else float("inf")
    capacity = min(cpu_limit, network_limit)
    return Cost(
        combination,
        cpu,
        sent,
        cpu_limit,
        network_limit,
        "CPU" if cpu_limit <= network_limit else "network",
        capacity,
        cpu + demand.round_trip * (share_loaded + share_saved) + sent / bytes_per_second,
        demand.requests_per_second <= capacity,
    )


def best(costs: Iterable[Cost]) -> list[Cost]:
    """Return the best, and what is so near that it makes no difference; references are never among them.

    Those that carry the demand are ranked by latency; if none does, all are ranked by capacity.
    """
    choice = [each for each in costs if not each.combination.reference]
    carrying = sorted((each for each in choice if each.carries), key=lambda each: each.latency)
    if carrying:
        return [each for each in carrying if each.latency <= carrying[0].latency * (1 + TIE_BAND)]
    ranked = sorted(choice, key=lambda each: -each.capacity)
    return [each for each in ranked if each.capacity >= ranked[0].capacity * (1 - TIE_BAND)]


def _plain(
    case: CaseResult, dumps: Estimate, loads: Estimate, size: float, base: float, *, reference: bool
) -> Combination:
    """Return a serializer without a compressor."""
    encode = (case.unchanged or dumps).median
    storage, largest = case.storage, case.largest or size
    return Combination(
        label=case.label,
        compressor="",
        reference_bytes=base,
        encode=encode,
        store=max(0.0, (case.envelope_dumps or dumps).median - encode),
        load=(case.envelope_loads or loads).median,
        compress=0.0,
        decompress=0.0,
        payload=size,
        save_around=storage.save_wire - largest if storage else 0.0,
        load_around=storage.load_wire - largest if storage else 0.0,
        reference=reference,
    )


def _compressed(plain: Combination, case: CaseResult, each: Compressed) -> Combination:
    return replace(
        plain,
        compressor=each.compressor,
        compress=each.compress.median,
        decompress=each.decompress.median,
        payload=each.bytes / case.sessions,
    )
