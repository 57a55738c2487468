"""What a session takes in memcached and on the way to it, asked of a real one with its default settings.

The payload is put into the session manager's envelope, signed and not compressed, under a key as the manager has them,
and goes through the manager's own commands: saved over the state that was seen, then loaded. Bytes on the wire are
those of command and answer, without TCP and IP. Chunks are counted by the server. What it has beside its pages, such as
its table of keys, is not in any figure.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypedDict, cast

from ..manager.stores.meta_commands import (
    add_command,
    delete_command,
    get_command,
    replace_command,
)
from ..manager.stores.store import Cas, Item, Written
from ..manager.version_vector import client_flags
from .case import Case
from .each_case import Figures, MadeCase, Progress, for_each, made_case
from .envelope import KEY, TTL, VECTOR, envelope_of
from .errand import CaseData
from .preparing import Preparation
from .result import Storage
from .slabs import PAGE, CountingClient, Taken, taken
from .store import memcached

GIB = 1 << 30

_FLAGS = client_flags(VECTOR, dead=False)
_SECONDS = 30.0
"""That a case may take."""


class _Figures(TypedDict):
    value: int
    save_wire: int
    load_wire: int
    slab_class: int
    chunk: int
    sessions_per_gib: int
    item_limit: int


def storages(
    cases: Sequence[Case], *, preparations: Sequence[Preparation] = (), progress: Progress | None = None
) -> Figures[Storage]:
    """Return what the sessions of cases take, by workload and label.

    Parameters
    ----------
    cases
        Verified ones; those without bytes are left out.
    preparations
        Tasks that every interpreter begins with.
    progress
        Is told how many cases are done.

    Returns
    -------
    Nothing where there is no memcached.
    """
    with memcached(private=True) as address:
        if address is None:
            return Figures({}, {})
        with CountingClient(address) as client:
            client.age()
        figures = for_each(
            f"{__name__}:stored",
            cases,
            {"address": address},
            seconds=_SECONDS,
            preparations=preparations,
            progress=progress,
        )
    return figures.each(lambda figures: Storage(**figures))


def stored(case: CaseData, address: str) -> _Figures:
    """Store the sessions of a case one after the other, and return the figures of `Storage`; runs in a child."""
    case_made = made_case(case)
    codec, header = envelope_of(case_made.serializer.name)
    values = [codec.seal(KEY, header, payload) for payload in case_made.payloads]
    with CountingClient(address) as client:
        limit = int(client.stats("settings")["item_size_max"])
        shelf = _Shelf(client, limit)
        return _figures(case_made, values, shelf.places(values), shelf)


def _figures(case: MadeCase, values: Sequence[bytes], places: Sequence[Taken | None], shelf: "_Shelf") -> _Figures:
    largest = values[case.largest]
    place = places[case.largest]
    kept = [each for each in places if each]
    pages = sum(each.pages for each in kept)
    save_wire, load_wire = shelf.wire(largest) if place else (0, 0)
    return _Figures(
        value=len(largest),
        save_wire=save_wire,
        load_wire=load_wire,
        slab_class=place.slab_class if place else 0,
        chunk=place.chunks if place else 0,
        sessions_per_gib=int(GIB // PAGE * len(kept) / pages) if len(kept) == len(places) else 0,
        item_limit=shelf.item_limit,
    )


class _Shelf:
    """Where one session after another is stored, under the same key."""

    def __init__(self, client: CountingClient, item_limit: int) -> None:
        self._client = client
        self.item_limit = item_limit

    def places(self, values: Sequence[bytes]) -> list[Taken | None]:
        """Return what each value takes; None for one of a size that the server does not take."""
        of_size = {len(value): value for value in values}
        sizes = sorted(of_size)
        found: dict[int, Taken | None] = {}

        def between(low: int, high: int) -> None:
            """Find out about the sizes at two places and between them: a larger value never takes less."""
            for position in {low, high}:
                if sizes[position] not in found:
                    found[sizes[position]] = self._place(of_size[sizes[position]])
            if found[sizes[low]] == found[sizes[high]]:
                found.update(dict.fromkeys(sizes[low:high], found[sizes[low]]))
            elif high - low > 1:
                middle = (low + high) // 2
                between(low, middle)
                between(middle, high)

        between(0, len(sizes) - 1)
        return [found[len(value)] for value in values]

    def _place(self, value: bytes) -> Taken | None:
        command = add_command(KEY, value, flags=_FLAGS, ttl=TTL)
        if command.size > self.item_limit:
            return None  # the manager refuses it, and does not ask the server
        self._clear()
        before = self._client.settled()
        self._client.ask(command)
        return taken(before, self._client.slabs())

    def wire(self, value: bytes) -> tuple[int, int]:
        """Return the bytes that saving a session over its older state takes, and those that loading it takes."""
        self._clear()
        client, storing = self._client, {"flags": _FLAGS, "ttl": TTL}
        older = cast("Written", client.ask(add_command(KEY, b"", **storing)))
        replace = replace_command(KEY, value, cas=older.cas or Cas(0, ""), **storing)
        save = self._counted(partial(client.ask, replace))
        load = self._counted(partial(client.ask, get_command(KEY, value=True, touch=None, renew=False)))
        return save, load

    def _counted(self, asking: "partial[Any]") -> int:
        before = self._client.bytes
        asking()
        return self._client.bytes - before

    def _clear(self) -> None:
        """Remove what is under the key, also that of a child that was stopped."""
        found = cast("Item | None", self._client.ask(get_command(KEY, value=False, touch=None, renew=False)))
        if found is not None:
            self._client.ask(delete_command(KEY, cas=found.cas))
