"""A case is one serializer on one workload; here it is made, and its round trip is verified through the store.

Invariant: a `ReadyCase` or `ReadyFloor`, all that `measuring` takes, exists only for a case whose value came back
faithfully, and did so twice.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from ..serializers import (
    ConverterRegistry,
    LibraryCall,
    LibraryCalls,
    SerializationError,
    Serializer,
    SerializerInfo,
    get_serializer,
)
from ..serializers.fidelity import difference
from .floor import FLOOR, builder
from .references import references
from .store import SessionStore
from .workload import Workload

Option = str | int | float | bool | None
"""What a serializer can be given as an option in a case: what JSON can carry."""

_KEY = "verified-before-it-is-timed"


@dataclass(frozen=True)
class Case:
    """One serializer with its options on one workload."""

    workload: Workload
    serializer: str
    """The name of its entry point."""
    label: str
    """What the row is called; one serializer may have several rows that differ in their options."""
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])


class Outcome(StrEnum):
    """What became of the round trip of a case."""

    VERIFIED = "verified"
    """The value came back: same types, same values, shared objects shared where the serializer claims it."""
    REFUSED = "refused"
    """The serializer says that it cannot keep the value."""
    UNFAITHFUL = "unfaithful"
    """Something else came back, and nobody said so."""
    FAILED = "failed"
    """Anything else went wrong."""


@dataclass(frozen=True)
class Verdict:
    """An outcome and its reason, in one line; both texts are empty for what was verified."""

    outcome: Outcome
    detail: str = ""
    path: str = ""
    """Where in the value, such as ``"cart.items[3].price"``, as far as known."""


@dataclass(frozen=True)
class ReadyCase:
    """A verified case with all that timing it needs."""

    case: Case
    serializer: Serializer
    value: object
    payload: bytes
    keeps_identity: bool
    """Every object that the session shares came back shared; False where it came back as copies."""
    library: LibraryCall | None
    """The bare calls of the library under the serializer, where the serializer shows them."""

    def dumps(self) -> Callable[[], bytes]:
        """Return the call that is timed as dumps."""
        return partial(self.serializer.dumps, self.value)

    def loads(self) -> Callable[[], object]:
        """Return the call that is timed as loads."""
        return partial(self.serializer.loads, self.payload)


@dataclass(frozen=True)
class ReadyFloor:
    """The verified case of the floor of reading, which has no bytes and so nothing but loads."""

    case: Case
    build: Callable[[], object]
    keeps_identity: bool = True
    payload: None = None

    def loads(self) -> Callable[[], object]:
        """Return the call that is timed as loads."""
        return self.build


Ready = ReadyCase | ReadyFloor


@dataclass(frozen=True)
class Examined:
    """A case and its verdict; ready to be timed if that is `Outcome.VERIFIED`."""

    case: Case
    verdict: Verdict
    ready: Ready | None = None


def every_case(workloads: Iterable[Workload], serializers: Iterable[SerializerInfo]) -> list[Case]:
    """Return the cases of every variant of every serializer on every workload, workload by workload.

    >>> from memcached_sessions.bench.workloads.login import LOGIN
    >>> from memcached_sessions.serializers import available_serializers
    >>> infos = [available_serializers()[name] for name in ("json", "pickle")]
    >>> [(case.workload.name, case.label) for case in every_case([LOGIN], infos)]
    [('login', 'json'), ('login', 'pickle')]
    """
    rows = [(info.name, label, options) for info in serializers for label, options in info.variants.items()]
    return [Case(workload, name, label, options) for workload in workloads for name, label, options in rows]


def examine(case: Case, store: SessionStore) -> Examined:
    """Make a case and verify its round trip.

    Nothing is raised: whatever a serializer does wrong becomes the verdict, and the others go on.

    Parameters
    ----------
    case
        The case.
    store
        Where the payload is kept and fetched from before it is loaded.

    >>> from memcached_sessions.bench.store import MemoryStore
    >>> from memcached_sessions.bench.workload import Workload
    >>> odd = Workload("odd", "holds what nobody registered", seed=None, build=lambda: {"cart": [object()]})
    >>> verdict = examine(Case(odd, "json", label="json"), MemoryStore()).verdict
    >>> verdict.outcome.value, verdict.path
    ('refused', 'cart[0]')
    """
    try:
        return _examine(case, store)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - Rust extensions panic with a BaseException; a plug-in may do anything
        path = getattr(error, "path", "")
        return _rejected(case, Outcome.FAILED, f"{type(error).__qualname__}: {error}", str(path))


def _examine(case: Case, store: SessionStore) -> Examined:
    registry = ConverterRegistry()
    case.workload.register(registry)
    if case.serializer == FLOOR:
        return _examine_floor(case, registry)
    reference = references().get(case.serializer)
    serializer = reference or get_serializer(case.serializer, registry, **case.options)
    value = case.workload.build()
    try:
        payload = serializer.dumps(value)
    except SerializationError as error:
        return _rejected(case, Outcome.REFUSED, error.problem, error.path)
    except Exception as error:
        if reference:  # a library refuses in words of its own
            return _rejected(case, Outcome.REFUSED, f"{type(error).__qualname__}: {error}")
        raise
    if type(payload) is not bytes:
        return _rejected(case, Outcome.FAILED, f"dumps returned {type(payload).__qualname__} instead of bytes")
    store.set(_KEY, payload)
    stored = store.get(_KEY)
    if stored is None or stored != payload:
        return _rejected(case, Outcome.FAILED, f"the store did not keep the {len(payload)} bytes of the payload")
    # Twice, because a serializer that keeps state between calls can be right once.
    copies = [serializer.loads(stored), serializer.loads(stored)]
    if changed := _changed(case, value, copies, identity=serializer.capabilities.identity):
        return changed
    keeps_identity = difference(value, copies[0], identity=True) is None
    ready = ReadyCase(case, serializer, value, payload, keeps_identity, _library(serializer, value))
    return Examined(case, Verdict(Outcome.VERIFIED), ready)


def _examine_floor(case: Case, registry: ConverterRegistry) -> Examined:
    value = case.workload.build()
    build = builder(value, registry)
    changed = _changed(case, value, [build(), build()], identity=True)
    return changed or Examined(case, Verdict(Outcome.VERIFIED), ReadyFloor(case, build))


def _changed(case: Case, value: object, copies: Iterable[object], *, identity: bool) -> Examined | None:
    """Return the rejected case if one of the copies is no faithful one, or the value is no longer what it was."""
    for copy in copies:
        if found := difference(value, copy, identity=identity):
            return _rejected(case, Outcome.UNFAITHFUL, found.what, found.path)
    if found := difference(case.workload.build(), value):
        what = f"the serializer changed the value that it was given, or two builds of the workload differ: {found.what}"
        return _rejected(case, Outcome.UNFAITHFUL, what, found.path)
    return None


def _library(serializer: Serializer, value: object) -> LibraryCall | None:
    if not isinstance(serializer, LibraryCalls):
        return None
    try:
        library = serializer.library_calls(value)
        library.dumps()
        library.loads()
    except Exception:  # noqa: BLE001 - the library alone may not take what the serializer does: then there is no overhead
        return None
    return library


def _rejected(case: Case, outcome: Outcome, detail: str, path: str = "") -> Examined:
    return Examined(case, Verdict(outcome, " ".join(detail.split()), path))
