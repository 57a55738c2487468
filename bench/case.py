"""A case is one serializer on one workload; here it is made, and its round trip is verified through the store.

Invariant: a `ReadyCase` or `ReadyFloor`, all that `measuring` takes, exists only for a case whose value came back
faithfully, and did so twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, partial
from typing import TypeVar, cast

from ..serializers import (
    ConverterRegistry,
    LibraryCall,
    LibraryCalls,
    SerializationError,
    Serializer,
    SerializerInfo,
    get_serializer,
)
from ..serializers.fidelity import Change, changeable, difference, shared_between
from ..serializers.readable import readable, readable_error
from .floor import FLOOR, builder
from .references import references
from .store import SessionStore
from .workload import Workload

Option = str | int | float | bool | None
"""What a serializer can be given as an option in a case: what JSON can carry."""

CHANGED_ATTRIBUTE = "last_seen"
"""What is set in a session that is saved again after one change."""

_SECOND_COPIES = 100
"""Sessions of a population of which the second copy is compared, too."""

_CHANGED_SESSIONS = 20
"""Sessions of a population that are changed and saved again: enough to find out who remembers bytes."""

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

    def registry(self) -> ConverterRegistry:
        """Return a registry that knows the classes of the workload."""
        registry = ConverterRegistry()
        self.workload.register(registry)
        return registry

    def make(self) -> Serializer:
        """Return the serializer, with the classes of the workload registered.

        Raises
        ------
        PluginError
            There is no such serializer, or it is broken.
        """
        return made(self.serializer, self.options, self.registry())


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
    sessions: tuple[object, ...]
    """One, or all of a population; a timed call goes through all of them."""
    payloads: tuple[bytes, ...]
    """Of each session."""
    keeps_identity: bool
    """Every object that a session shares came back shared; False where it came back as copies."""

    @cached_property
    def library(self) -> LibraryCall | None:
        """The bare calls of the library under the serializer, where the serializer shows them."""
        return _library(self.serializer, self.sessions)

    def dumps(self) -> Callable[[], object]:
        """Return the call that is timed as dumps."""
        return over_all(self.serializer.dumps, self.sessions)

    def loads(self) -> Callable[[], object]:
        """Return the call that is timed as loads."""
        return over_all(self.serializer.loads, self.payloads)


@dataclass(frozen=True)
class ReadyFloor:
    """The verified case of the floor of reading, which has no bytes and so nothing but loads."""

    case: Case
    build: Callable[[], object]
    sessions: tuple[object, ...]
    keeps_identity: bool = True
    payloads: tuple[bytes, ...] = ()

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


_Argument = TypeVar("_Argument")


def over_all(call: Callable[[_Argument], object], arguments: Sequence[_Argument]) -> Callable[[], object]:
    """Return what makes a call once for each argument; with a single one there is nothing around the call.

    >>> over_all(abs, [-7])()
    7
    """
    if len(arguments) == 1:
        return partial(call, arguments[0])

    def all_of_them() -> None:
        for argument in arguments:
            call(argument)

    return all_of_them


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
        return Examined(case, Verdict(Outcome.VERIFIED), _verified(case, store))
    except _RejectedError as rejected:
        return Examined(case, rejected.verdict)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - Rust extensions panic with a BaseException; a plug-in may do anything
        path = str(getattr(error, "path", ""))
        return Examined(case, rejection(Outcome.FAILED, readable_error(error), path).verdict)


class _RejectedError(Exception):
    """A case that is not verified."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


def rejection(outcome: Outcome, detail: str, path: str = "") -> _RejectedError:
    """Return what is raised for a case that is not verified."""
    return _RejectedError(Verdict(outcome, readable(detail), readable(path)))


def made(serializer: str, options: Mapping[str, Option], registry: ConverterRegistry) -> Serializer:
    """Return the serializer of a row: an installed one, or a library alone.

    Raises
    ------
    PluginError
        There is no such serializer, or it is broken.
    """
    return references().get(serializer) or get_serializer(serializer, registry, **options)


def ready_again(case: Case, sessions: Sequence[object], *, keeps_identity: bool) -> Ready:
    """Make a case again that has been verified.

    Parameters
    ----------
    case
        The case.
    sessions
        Those of its workload that are wanted; the case keeps them as they are.
    keeps_identity
        As was found when it was verified.
    """
    if case.serializer == FLOOR:
        registry = case.registry()
        build = over_all(_called, [builder(session, registry) for session in sessions])
        return ReadyFloor(case, build, tuple(sessions))
    serializer = case.make()
    payloads = tuple(serializer.dumps(session) for session in sessions)
    return ReadyCase(case, serializer, tuple(sessions), payloads, keeps_identity)


def _verified(case: Case, store: SessionStore) -> Ready:
    keeps_identity = _verify_floor(case) if case.serializer == FLOOR else _verify(case, store)
    return ready_again(case, case.workload.sessions(), keeps_identity=keeps_identity)


def _verify(case: Case, store: SessionStore) -> bool:
    """Demand that a case keeps its sessions, and return whether all that they share came back shared."""
    serializer = case.make()
    sessions = case.workload.sessions()
    # The copies that come back second are compared for some: what is right only once is wrong for one of them.
    every = max(1, len(sessions) // _SECOND_COPIES)
    kept = [
        _comes_back_shared(serializer, session, store, compared=1 if number % every else 2)
        for number, session in enumerate(sessions)
    ]
    _demand_unchanged(case, sessions)
    for session in sessions[:: max(1, len(sessions) // _CHANGED_SESSIONS)]:
        _demand_saved_again(serializer, session)
    return all(kept)


def _verify_floor(case: Case) -> bool:
    registry, sessions = case.registry(), case.workload.sessions()
    for session in sessions:
        build = builder(session, registry)
        _demand_equal(session, (build(), build()), identity=True)
    _demand_unchanged(case, sessions)
    return True


def _called(build: Callable[[], object]) -> object:
    return build()


def _comes_back_shared(serializer: Serializer, session: object, store: SessionStore, *, compared: int) -> bool:
    """Demand that a session comes back, in so many copies, and return whether all that it shares came back shared."""
    payload = _dumped(serializer, session)
    store.set(_KEY, payload)
    stored = store.get(_KEY)
    if stored is None or stored != payload:
        raise rejection(Outcome.FAILED, f"the store did not keep the {len(payload)} bytes of the payload")
    # Twice, because a serializer that keeps state between calls can be right once, or hand out one object for all.
    copies = (serializer.loads(stored), serializer.loads(stored))
    if common := shared_between(*copies):
        raise rejection(Outcome.UNFAITHFUL, f"{common.what}: who changes one session changes another", common.path)
    shared = [_is_equal(session, copy, identity=serializer.capabilities.identity) for copy in copies[:compared]]
    return all(shared)


def _is_equal(session: object, copy: object, *, identity: bool) -> bool:
    """Demand that a copy is equal, and return whether all that the session shares is shared in it."""
    found = difference(session, copy, identity=True)
    if found is None:
        return True
    if found.change is not Change.SHARING or identity:
        raise rejection(Outcome.UNFAITHFUL, found.what, found.path)
    _demand_equal(session, [copy], identity=False)
    return False


def _dumped(serializer: Serializer, session: object) -> bytes:
    try:
        payload = serializer.dumps(session)
    except SerializationError as error:
        raise rejection(Outcome.REFUSED, error.problem, error.path) from error
    except Exception as error:
        if serializer.name in references():  # a library refuses in words of its own
            raise rejection(Outcome.REFUSED, readable_error(error)) from error
        raise
    if type(payload) is not bytes:
        raise rejection(Outcome.FAILED, f"dumps returned {type(payload).__qualname__} instead of bytes")
    return payload


def _demand_equal(session: object, copies: Iterable[object], *, identity: bool) -> None:
    for copy in copies:
        if found := difference(session, copy, identity=identity):
            raise rejection(Outcome.UNFAITHFUL, found.what, found.path)


def _demand_unchanged(case: Case, sessions: Iterable[object]) -> None:
    for before, session in zip(case.workload.sessions(), sessions, strict=True):
        if found := difference(before, session):
            what = f"the serializer changed the value that it was given, or two builds of the workload differ: {found}"
            raise rejection(Outcome.UNFAITHFUL, what, found.path)


def _demand_saved_again(serializer: Serializer, session: object) -> None:
    """Refuse a serializer that returns the bytes of before for an object that has changed, or something in it has."""
    if not isinstance(session, dict):
        return
    attributes = cast("dict[object, object]", session)
    nested = next((cast("list[object]", each) for each in changeable(attributes) if type(each) is list and each), None)
    for number in range(2):
        attributes[CHANGED_ATTRIBUTE] = number
        _demand_equal_after(serializer, attributes)
        if nested is not None:
            nested.append(nested[-1])
            _demand_equal_after(serializer, attributes)


def _demand_equal_after(serializer: Serializer, attributes: object) -> None:
    if found := difference(attributes, serializer.loads(_dumped(serializer, attributes))):
        what = f"a session that was changed and saved again came back as before: {found}"
        raise rejection(Outcome.UNFAITHFUL, what, found.path)


def _library(serializer: Serializer, sessions: Sequence[object]) -> LibraryCall | None:
    if not isinstance(serializer, LibraryCalls):
        return None
    try:
        calls = [serializer.library_calls(session) for session in sessions]
        for call in calls:
            call.dumps()
            call.loads()
    except Exception:  # noqa: BLE001 - the library alone may not take what the serializer does: then there is no overhead
        return None
    if len(calls) == 1:
        return calls[0]
    return LibraryCall(
        dumps=over_all(_called, [call.dumps for call in calls]),
        loads=over_all(_called, [call.loads for call in calls]),
        items=sum(call.items for call in calls),
        converted=sum(call.converted for call in calls),
        implementation=calls[0].implementation,
    )
