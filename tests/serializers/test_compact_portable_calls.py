"""Which interfaces of CPython are used is a matter of each call, whatever other threads do meanwhile."""

import gc
import sys
from threading import Event, Thread
from typing import Any

import pytest

from memcached_sessions.serializers import ConverterRegistry, get_serializer

pytest.importorskip("memcached_sessions.serializers.compact._compact", reason="the compiled module was not built here")


class Waiting:
    """Is encoded when something has happened."""

    def __init__(self, begun: Event, allowed: Event) -> None:
        self.begun = begun
        self.allowed = allowed


def wait(value: Waiting) -> int:
    value.begun.set()
    assert value.allowed.wait(30)
    return 1


class Plain:
    def __init__(self) -> None:
        self.name = "plain"


def registry() -> ConverterRegistry:
    made = ConverterRegistry()
    made.register(Plain, tag="Plain")
    made.register(Waiting, tag="Waiting", encode=wait, decode=lambda _: None)
    return made


def reads_layouts(serializer: Any) -> bool:
    """Return whether the attributes of an instance are read where they lie: by the public API it is given a dict."""
    instance = Plain()
    serializer.dumps([instance])
    return not any(type(each) is dict for each in gc.get_referents(instance))


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the layouts of instances are known for 3.11 alone")
def test_portable_calls_that_overlap_change_no_other_call() -> None:
    compiled, portable = (
        get_serializer("compact", registry(), implementation=each) for each in ("compiled", "portable")
    )
    first, second = [Waiting(Event(), Event()) for _ in range(2)]
    threads = [Thread(target=portable.dumps, args=([each],)) for each in (first, second)]

    for thread, value in zip(threads, (first, second), strict=True):
        thread.start()
        assert value.begun.wait(30)
    meanwhile = reads_layouts(compiled), reads_layouts(portable)
    for thread, value in zip(threads, (first, second), strict=True):
        value.allowed.set()
        thread.join(30)

    assert meanwhile == (True, False)
    assert (reads_layouts(compiled), reads_layouts(portable)) == (True, False)
