"""Something that happens again and again in a thread of its own while a test does something else."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def repeating(act: Callable[[], object], *, pause: float) -> Generator[None]:
    """Call a function during a ``with`` block, with a pause (seconds) after each call; what it raises comes out."""
    ended = Event()
    failures: list[BaseException] = []

    def repeat() -> None:
        try:
            while not ended.is_set():
                act()
                ended.wait(pause)
        except BaseException as failure:  # noqa: BLE001 - for the main thread
            failures.append(failure)

    thread = Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if failures:
        raise failures[0]
