"""The `compact` serializer, and which implementation does its work."""

from functools import partial
from typing import Any, ClassVar

from ..implementations import asked_for, compiled_module
from ..lowering import MAX_SIZE
from ..protocol import Capabilities
from ..registry import DEFAULT, ConverterRegistry
from .calls import Calls, Implementation


class CompactSerializer(Calls):
    """Sessions as few bytes that keep shared objects, cycles, types and classes; FORMAT.md says how.

    A converter of your own for a type of the standard library (datetime, Decimal, UUID, ...) goes before the format's
    own form. Built-in data types have no other form.

    Parameters
    ----------
    registry
        The converters.
    max_size
        Bytes of the largest payload that is written or read. Reading a payload takes up to about 220 times its length
        in memory: an empty set is two bytes, and 216 in CPython. What converters are given through references, and may
        copy, counts as if it were in the payload again, and may be as many bytes in all.
    implementation
        ``"compiled"``, ``"portable"`` (compiled, through public interfaces of CPython only) or ``"python"``. Unless it
        is given, the environment variable ``MEMCACHED_SESSIONS_COMPACT`` says which, else the fastest is taken.

    Raises
    ------
    ValueError
        There is no such implementation, or the compiled module was not built.

    >>> serializer = CompactSerializer()
    >>> seats = [(1, 2)]
    >>> loaded = serializer.loads(serializer.dumps({"seats": seats, "held": seats}))
    >>> loaded
    {'seats': [(1, 2)], 'held': [(1, 2)]}
    >>> loaded["seats"] is loaded["held"]
    True
    """

    name: ClassVar[str] = "compact"
    capabilities: Capabilities = Capabilities(
        identity=True,
        cycles=True,
        tuples=True,
        sets=True,
        non_str_keys=True,
        big_ints=True,
        subclasses=True,
        registered_classes=True,
        evolution=True,
        canonical=True,
        safe=True,
    )

    def __init__(
        self,
        *,
        registry: ConverterRegistry = DEFAULT,
        max_size: int = MAX_SIZE,
        implementation: Implementation | None = None,
    ) -> None:
        if max_size < 1:
            raise ValueError(f"max_size={max_size!r}: give a number of bytes above 0")
        asked = implementation or asked_for()
        fastest: Implementation = "portable" if asked == "portable" else "compiled"
        super().__init__(registry, max_size, fastest if compiled_module(asked) else "python")

    def __reduce__(self) -> tuple[Any, ...]:
        """Let `copy` make another of the same registry, limit and implementation, whichever class the calls are of."""
        options = {"registry": self.registry, "max_size": self.max_size, "implementation": self.implementation}
        return partial(type(self), **options), ()

    @property
    def variants(self) -> dict[str, dict[str, str]]:
        """The implementations that are here, to be compared; one where the environment forces it."""
        if asked_for() or self.implementation == "python":
            return {self.name: {}}
        return {self.name: {}} | {f"{self.name}-{each}": {"implementation": each} for each in ("portable", "python")}
