"""The calculator: what a serializer and a compressor cost a service, from the times and sizes that were measured.

The model, in words (the page shows the same ones, `WORDS`, and its script computes the same numbers):
a request whose session is not in the process loads it, and encodes it to know what it was; every request encodes its
session, to see whether it changed; one that changed it also stores it. All times of the serializer and bytes of the
payload grow in proportion to the session; the rest of a request (`rest_of_request`) does not.
Invariant: nothing here is measured or random; the same inputs give the same numbers everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..intervals import TIE_BAND, Estimate
from ..result import BASELINE, CaseResult, Compressed, Result
from .reading import collector, each_session, reference_labels
from .rest_of_request import REQUEST_PART, Rest
from .safety_tables import HARMFUL

WORDS = (
    (
        "A request whose session is not in the process loads it from memcached: one round trip, decompressing, "
        "decoding, and encoding once, to know later what has changed."
    ),
    (
        "Every request encodes its session at its end, to see whether it changed. A request that changed it "
        "compresses and stores it too, and waits for that: one round trip more."
    ),
    (
        "The rest of a request is the session manager and the client of memcached. The figures that are filled in are "
        "the time of requests that were measured end to end, one after the other, less the serializer's part: the "
        f"median of all of them. Such requests load and save, so only the sum is measured: {100 * REQUEST_PART:.0f} % "
        "of it are taken for every request, and load and save share what is left. They hold the answers of a memcached "
        "on the same machine, too, so where it is on another, a service carries more."
    ),
    (
        "The size that you give is what the session takes under bare-pickle: the serializer's times and payload bytes "
        "grow in proportion to it; the rest of a request, the envelope and the command around them stay as they are."
    ),
    (
        "CPUs are busy with this work alone, on all of them at once; your own code comes on top. The network carries "
        "both directions at once, without TCP and IP, and what is around a payload is counted in the direction of the "
        "payload; the busier direction limits. The first of CPU and network that is full is the limit."
    ),
    (
        "Added latency is what a request takes by itself: CPU time, round trips, and bytes on the line. Nothing waits "
        "in a queue, so near the limit it is more."
    ),
    (
        "The best of those that carry your load adds the least latency; if none carries it, the best carries the "
        f"most. Whatever is within {100 * TIE_BAND:.0f} % of the best is named with it, each serializer once."
    ),
    (
        "Not safe: the serializer does not claim to be safe, or hostile bytes harmed it. Where none were tried, its "
        "claim alone counts."
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
    rest: Rest | None = None
    """What a request takes beside the serializer; None: that is not known, and every cost is the serializer's share
    alone, so that no capacity is what a service could carry."""


@dataclass(frozen=True)
class Combination:
    """A serializer with a compressor, or with none, on one workload: seconds and bytes of one session."""

    label: str
    compressor: str
    """Empty: none."""
    reference_bytes: float | None
    """Of the session under bare-pickle, which sizes are given in; None: it did not take part, and the session stays as
    the workload has it."""
    encode: float
    store: float
    """Beyond encoding: the envelope."""
    load: float
    compress: float
    decompress: float
    payload: float
    """As it is stored: compressed, where there is a compressor."""
    save_around: float | None
    """Bytes on the wire beyond the payload, when it is saved; None: not measured, and not counted."""
    load_around: float | None
    reference: bool = False
    """Whether it is there to compare with, and nothing to choose."""
    serializer: str = ""
    """What the label is a variant of."""
    safe: bool = True
    """Whether it claims to be safe with hostile bytes, and none that were tried harmed it."""


@dataclass(frozen=True)
class Cost:
    """What a combination costs, and what it can carry."""

    combination: Combination
    cpu: float
    """Seconds for a request."""
    bytes: float
    """On the wire, for a request, in both directions."""
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
    unsafe = {each.name for each in result.serializers if not each.capabilities.get("safe")}
    harmed = {cell.label for cell in result.hostile if cell.defence in HARMFUL}
    found: list[Combination] = []
    for case in rows:
        size = each_session(case)
        if case.dumps and case.loads and size:
            plain = replace(
                _plain(case, case.dumps, case.loads, size),
                reference_bytes=base,
                reference=case.label in references,
                safe=case.serializer not in unsafe and case.label not in harmed,
            )
            found += [plain, *(_compressed(plain, case, each) for each in case.compressed)]
    return found


def cost(combination: Combination, demand: Demand) -> Cost:
    """Return what a combination costs under a demand.

    >>> one = Combination("json", "", 1000, 1e-5, 0, 1e-5, 0, 0, 1000, 0, 0)
    >>> found = cost(one, Demand(1000, 0.5, 1.0, 100, 0.001, 2, rest=Rest(1e-5, 1e-4, 1.2e-4)))
    >>> round(found.cpu_limit), round(found.network_limit), found.limit, f"{found.latency:.5f}"
    (10000, 12500, 'CPU', '0.00182')
    """
    share_saved, share_loaded = demand.write_share, demand.load_share
    base = combination.reference_bytes
    grown = demand.session_bytes / base if demand.session_bytes and base else 1.0
    rest = demand.rest or Rest(0, 0, 0)
    own = grown * (
        share_loaded * (combination.decompress + combination.load + combination.encode)
        + combination.encode
        + share_saved * (combination.store + combination.compress)
    )
    cpu = own + rest.request + share_loaded * rest.load + share_saved * rest.save
    payload = grown * combination.payload
    received = share_loaded * (payload + (combination.load_around or 0))
    sent = share_saved * (payload + (combination.save_around or 0))
    bytes_per_second = demand.megabits_per_second * 1e6 / 8
    busier = max(received, sent)
    cpu_limit = demand.cpus / cpu if cpu else float("inf")
    network_limit = bytes_per_second / busier if busier else float("inf")
    capacity = min(cpu_limit, network_limit)
    return Cost(
        combination,
        cpu,
        received + sent,
        cpu_limit,
        network_limit,
        "CPU" if cpu_limit <= network_limit else "network",
        capacity,
        cpu + demand.round_trip * (share_loaded + share_saved) + (received + sent) / bytes_per_second,
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


def _plain(case: CaseResult, dumps: Estimate, loads: Estimate, size: float) -> Combination:
    """Return a serializer without a compressor."""
    encode = (case.unchanged or dumps).median
    storage, largest = case.storage, case.largest or size
    return Combination(
        label=case.label,
        compressor="",
        reference_bytes=None,
        encode=encode,
        store=max(0.0, (case.envelope_dumps or dumps).median - encode),
        load=(case.envelope_loads or loads).median,
        compress=0.0,
        decompress=0.0,
        payload=size,
        save_around=storage.save_wire - largest if storage and storage.save_wire else None,
        load_around=storage.load_wire - largest if storage and storage.load_wire else None,
        serializer=case.serializer,
    )


def _compressed(plain: Combination, case: CaseResult, each: Compressed) -> Combination:
    return replace(
        plain,
        compressor=each.compressor,
        compress=each.compress.median,
        decompress=each.decompress.median,
        payload=each.bytes / case.sessions,
    )
