"""A connection to a memcached that counts its bytes, and what an item really takes there.

A server keeps items in chunks of fixed sizes, cut from pages of 1 MiB, and divides what is larger than half a page
into several. So nothing is computed from the size of an item here: the chunks that are in use before and after it is
stored are compared. Invariant: nobody else uses the server meanwhile, and what it has from before is small.
"""

from dataclasses import dataclass
from fractions import Fraction
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from ..manager.stores.meta_commands import Command
from ..manager.stores.meta_replies import block_size
from .store import OPERATION_TIMEOUT, connection_to

PAGE = 1 << 20
"""Bytes of a page, by default."""

_EARLIER_WRITES = 10_000


@dataclass(frozen=True)
class SlabClass:
    """The chunks of one size."""

    used: int
    chunk: int
    """Bytes of one."""
    per_page: int


@dataclass(frozen=True)
class Taken:
    """What an item takes."""

    slab_class: int
    """That of its largest chunk, which memcached names as its class."""
    chunks: int
    """Bytes of all its chunks."""
    pages: Fraction
    """The same in pages, with its share of what a page has left over."""


class CountingClient:
    """One connection to a memcached.

    Parameters
    ----------
    address
        Of the memcached, as `store` has them.
    """

    def __init__(self, address: str) -> None:
        self._socket = connection_to(address)
        self._answers = self._socket.makefile("rb")
        self.bytes = 0
        """Sent and received so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._answers.close()
        self._socket.close()

    def ask(self, command: Command[Any]) -> Any:
        """Send a command of the session manager, and return what its answer means.

        Raises
        ------
        OSError, MemcacheError
            There was no answer, or it is an error.
        """
        self._send(command.request)
        line = self._line()
        size = block_size(line)
        block = None
        if size is not None:
            block = self._answers.read(size + 2)
            self.bytes += len(block)
            block = block[:size]
        return command.read(line, block, "")

    def stats(self, what: str) -> dict[str, str]:
        """Return what ``stats`` says about something, by name; about the whole if that is empty."""
        self._send(f"stats {what}".strip().encode() + b"\r\n")
        found: dict[str, str] = {}
        while (line := self._line()) != b"END":
            _, name, value = line.decode().split(" ", 2)
            found[name] = value
        return found

    def slabs(self) -> dict[int, SlabClass]:
        """Return the classes of chunks that have pages, by number."""
        stats = self.stats("slabs")
        numbers = [int(name.partition(":")[0]) for name in stats if name.endswith(":used_chunks")]
        return {
            number: SlabClass(
                used=int(stats[f"{number}:used_chunks"]),
                chunk=int(stats[f"{number}:chunk_size"]),
                per_page=int(stats[f"{number}:chunks_per_page"]),
            )
            for number in numbers
        }

    def settled(self) -> dict[int, SlabClass]:
        """Return the same once the chunks of items that are gone are free, which a thread of the server may delay.

        Raises
        ------
        TimeoutError
            There are more chunks in use than items: somebody else has stored large ones here.
        """
        deadline = monotonic() + OPERATION_TIMEOUT
        while monotonic() < deadline:
            items = int(self.stats("")["curr_items"])
            slabs = self.slabs()
            if sum(found.used for found in slabs.values()) == items:
                return slabs
            sleep(0.001)
        raise TimeoutError(f"after {OPERATION_TIMEOUT:g} s memcached still has more chunks in use than items")

    def age(self) -> None:
        """Let the server have stored so much that the counts of its writes have five digits, whatever follows.

        They are part of commands and answers: otherwise these would be shorter for whoever comes first.
        """
        writes = b"ms aged 0 q\r\n\r\n" * _EARLIER_WRITES
        self._send(writes + b"mn\r\n")
        self._line()

    def _send(self, request: bytes) -> None:
        self._socket.sendall(request)
        self.bytes += len(request)

    def _line(self) -> bytes:
        line = self._answers.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("memcached closed the connection in the middle of an answer")
        self.bytes += len(line)
        return line[:-2]


def taken(before: dict[int, SlabClass], after: dict[int, SlabClass]) -> Taken:
    """Return what was stored between two looks takes.

    >>> taken({5: SlabClass(1, 240, 4369)}, {5: SlabClass(2, 240, 4369)})
    Taken(slab_class=5, chunks=240, pages=Fraction(1, 4369))
    """
    more = {number: found.used - (before[number].used if number in before else 0) for number, found in after.items()}
    return Taken(
        slab_class=max(number for number, count in more.items() if count > 0),
        chunks=sum(count * after[number].chunk for number, count in more.items()),
        pages=sum((Fraction(count, after[number].per_page) for number, count in more.items()), Fraction()),
    )
