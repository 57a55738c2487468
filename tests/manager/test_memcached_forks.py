"""A process that is forked from one that used a store: each has connections and locks of its own.

Each case is a program of its own: a fork of the test run would take its threads' locks along.
"""

import subprocess
import sys
import textwrap

import pytest
from memcached_process import MemcachedProcess

PROLOGUE = """
import os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from memcached_sessions.manager.stores.memcached_store import MemcachedStore
from memcached_sessions.manager.stores.memory_store import MemoryStore

def in_child(work):
    # Runs work in a forked process; returns whether it returned, in time.
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid

def ended_well(pid):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return False

def use(store, name, times=200):
    for number in range(times):
        value = f"{name} {number}".encode()
        store.set(name, value, flags=0, ttl=60)
        assert store.get(name).value == value
"""


EPILOGUE = """
if "store" in globals():
    store.close()
"""


def run(program: str, *arguments: str) -> None:
    """Run a program in a fresh interpreter; it fails by an assertion, and by a connection that nobody has closed."""
    source = f"{PROLOGUE}\n{textwrap.dedent(program)}\n{EPILOGUE}"
    ended = subprocess.run(
        # Python 3.12 and newer warn of a fork beside threads: that is what is tested here.
        [sys.executable, "-W", "always", "-W", "ignore::DeprecationWarning", "-c", source, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_parent_and_child_do_not_share_connections(shared_memcached: MemcachedProcess) -> None:
    """Both at once, on stores that were connected before the fork: shared sockets would mix up the answers."""
    run(
        """
        store = MemcachedStore("n1", ("127.0.0.1", int(sys.argv[1])), operation_timeout=5.0)
        use(store, "before", 1)
        children = [in_child(lambda name=name: use(store, f"child-{name}")) for name in range(3)]
        use(store, "parent")
        assert [ended_well(child) for child in children] == [True] * 3
        use(store, "parent")
        """,
        str(shared_memcached.port),
    )


def test_a_child_that_ends_leaves_its_parents_connection_open(shared_memcached: MemcachedProcess) -> None:
    """Nothing is said on it, and the server sees no end of it."""
    run(
        """
        store = MemcachedStore("n1", ("127.0.0.1", int(sys.argv[1])), operation_timeout=5.0)
        use(store, "parent", 1)
        mine = store._pool._idle[0].sock.getsockname()
        assert ended_well(in_child(lambda: use(store, "child", 1)))
        assert ended_well(in_child(store.close))
        use(store, "parent", 1)
        assert [client.sock.getsockname() for client in store._pool._idle] == [mine]
        """,
        str(shared_memcached.port),
    )


@pytest.mark.parametrize("kind", ["memcached", "memory"])
def test_a_lock_that_another_thread_held_at_the_fork_does_not_stop_the_child(
    shared_memcached: MemcachedProcess, kind: str
) -> None:
    """That thread is not there to give it back."""
    run(
        """
        memcached = sys.argv[2] == "memcached"
        store = MemcachedStore("n1", ("127.0.0.1", int(sys.argv[1]))) if memcached else MemoryStore()
        use(store, "before", 1)
        locks = [store._pool._lock, store._lock, store._dialer._lock] if memcached else [store._memory.lock]
        held, enough = threading.Event(), threading.Event()
        def hold():
            for lock in locks:
                lock.acquire()
            held.set()
            enough.wait()
            for lock in locks:
                lock.release()
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        child = in_child(lambda: use(store, "child", 1))
        ended = ended_well(child)
        enough.set()
        thread.join()
        assert ended
        use(store, "parent", 1)
        """,
        str(shared_memcached.port),
        kind,
    )


def test_places_that_other_threads_had_taken_at_the_fork_are_free_in_the_child(memcached: MemcachedProcess) -> None:
    """The pool of the parent is used up by commands that wait; the child begins with an empty one."""
    memcached.freeze()
    program = """
        store = MemcachedStore("n1", ("127.0.0.1", int(sys.argv[1])), operation_timeout=3.0, max_pool_size=1)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(store.get, "k")
            time.sleep(0.1)
            child = in_child(lambda: use(store, "child", 1))
            os.kill(int(sys.argv[2]), 18)  # SIGCONT
            assert ended_well(child)
            assert waiting.result() is None
        """
    run(program, str(memcached.port), str(memcached.pid))


def test_a_store_that_is_gone_is_not_kept_for_a_fork() -> None:
    """Python cannot take back what is to be called after a fork."""
    run(
        """
        import gc, weakref
        stores = [weakref.ref(MemcachedStore("n1", ("127.0.0.1", 1))), weakref.ref(MemoryStore())]
        gc.collect()
        assert [store() for store in stores] == [None, None]
        assert ended_well(in_child(lambda: None))
        """
    )
