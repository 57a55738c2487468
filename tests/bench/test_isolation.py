"""Work in processes of its own: whatever it does, the others go on, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memcached_sessions.bench.isolation.forked import End
from memcached_sessions.bench.isolation.interpreter import Interpreter, InterpreterError

TASKS = """
import os, signal, subprocess, sys, time

state = []

def prepare(what):
    print("a plug-in that prints when it is imported")
    state.append(what)
    return len(state)

def told():
    return state, sys.flags.hash_randomization, hash("a")

def leave_a_mark():
    state.append("mark")

def print_much():
    print("x" * 100_000)
    sys.stderr.write("y" * 100_000)
    return "done"

def raise_what_no_file_takes():
    raise ValueError("a\\nb \\ud800")

def answer_and_leave_a_fork(file, session):
    pid = os.fork()
    if not pid:
        if session:
            os.setsid()
        with open(file, "w") as output:
            output.write(f"{os.getpid()}")
        time.sleep(600)
    while not os.path.exists(file) or not os.path.getsize(file):
        time.sleep(0.01)
    return "answered"

def prepare_for_ever():
    while True:
        pass

def leave():
    sys.exit(3)

def crash():
    os.kill(os.getpid(), signal.SIGSEGV)

def hang(file):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(file, "w") as output:
        output.write(f"{os.getpid()} {child.pid}")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)

def end_the_interpreter():
    os.kill(os.getppid(), signal.SIGKILL)

def take_memory():
    return len(bytearray(1 << 30))

def return_what_json_has_not():
    return object()

def answer_much():
    return "z" * 3_000_000
"""


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory):
    """One interpreter that knows the tasks."""
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "isolated_tasks.py").write_text(TASKS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        with Interpreter() as interpreter:
            assert interpreter.prepare("isolated_tasks:prepare", {"what": "ready"}) == 1
            yield interpreter


def _run(interpreter: Interpreter, task: str, seconds: float = 20.0, memory: int | None = None, **arguments: object):
    return interpreter.run(f"isolated_tasks:{task}", arguments, seconds=seconds, memory=memory)


def test_a_child_finds_what_was_prepared_and_leaves_nothing_to_the_next(interpreter: Interpreter) -> None:
    assert _run(interpreter, "leave_a_mark").end is End.RETURNED
    assert _run(interpreter, "told").value[0] == ["ready"]


def test_every_interpreter_has_a_hash_seed_of_its_own(interpreter: Interpreter) -> None:
    hashes = {_run(interpreter, "told").value[2]}
    for _ in range(2):
        with Interpreter() as fresh:
            hashes.add(_run(fresh, "told").value[2])

    assert len(hashes) == 3


def test_what_a_plug_in_prints_is_no_answer(interpreter: Interpreter) -> None:
    assert _run(interpreter, "print_much").value == "done"


def test_a_long_answer_arrives_whole(interpreter: Interpreter) -> None:
    assert len(_run(interpreter, "answer_much").value) == 3_000_000


def test_an_exception_is_told_in_one_line_that_every_file_takes(interpreter: Interpreter) -> None:
    ended = _run(interpreter, "raise_what_no_file_takes")

    assert (ended.end, ended.detail) == (End.RAISED, "ValueError: a b \\ud800")


@pytest.mark.parametrize("session", [False, True], ids=["in its session", "in a session of its own"])
def test_what_a_child_leaves_behind_costs_no_answer_and_is_ended(
    interpreter: Interpreter, tmp_path: Path, *, session: bool
) -> None:
    """It holds the pipe of the answer open, and would for ten minutes."""
    ended = _run(interpreter, "answer_and_leave_a_fork", file=str(tmp_path / "pid"), session=session)

    assert (ended.end, ended.value) == (End.RETURNED, "answered")
    _await_end(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("task", "end", "detail"),
    [
        ("leave", End.RAISED, "SystemExit: 3"),
        ("crash", End.CRASH, "the process ended by SIGSEGV"),
        ("return_what_json_has_not", End.RAISED, "not JSON serializable"),
    ],
)
def test_whatever_else_it_does_is_how_it_ended(interpreter: Interpreter, task: str, end: End, detail: str) -> None:
    ended = _run(interpreter, task)

    assert ended.end is end
    assert detail in ended.detail
    assert _run(interpreter, "told").end is End.RETURNED


def test_what_takes_more_memory_than_it_may_ends_with_that(interpreter: Interpreter) -> None:
    assert _run(interpreter, "take_memory", memory=256 << 20).end is End.MEMORY
    assert _run(interpreter, "take_memory").value == 1 << 30


def test_what_hangs_is_ended_with_what_it_started(interpreter: Interpreter, tmp_path: Path) -> None:
    ended = _run(interpreter, "hang", seconds=2.0, file=str(tmp_path / "pids"))

    assert ended.end is End.TIME
    assert "after 2 s" in ended.detail
    for pid in (tmp_path / "pids").read_text().split():
        _await_end(int(pid))


def test_an_interpreter_that_is_closed_in_the_middle_ends_its_child(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from memcached_sessions.bench.isolation.interpreter import Interpreter\n"
        "with Interpreter() as interpreter:\n"
        "    interpreter.run('isolated_tasks:hang', {'file': sys.argv[2]}, seconds=600)\n"
    )
    (tmp_path / "isolated_tasks.py").write_text(TASKS)
    pids = tmp_path / "pids"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE + program, str(tmp_path), str(pids)], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while not (pids.exists() and len(pids.read_text().split()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    process.send_signal(signal.SIGINT)
    process.wait(30)

    for pid in pids.read_text().split():
        _await_end(int(pid))


def test_an_interpreter_that_is_lost_costs_one_task_and_is_begun_anew_as_it_was(interpreter: Interpreter) -> None:
    lost = _run(interpreter, "end_the_interpreter")

    assert (lost.end, "in the middle of a task" in lost.detail) == (End.CRASH, True)
    assert _run(interpreter, "told").value[0] == ["ready"]


def test_a_task_that_cannot_be_prepared_is_an_error_that_says_why(interpreter: Interpreter) -> None:
    with pytest.raises(InterpreterError, match="no_such_module"):
        interpreter.prepare("no_such_module:task", {})


def test_a_task_that_does_not_come_to_its_end_in_the_interpreter_is_an_error(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "isolated_tasks.py").write_text(TASKS)
    monkeypatch.syspath_prepend(tmp_path)

    with Interpreter() as fresh, pytest.raises(InterpreterError, match=r"prepare_for_ever was stopped after 0\.5 s"):
        fresh.prepare("isolated_tasks:prepare_for_ever", {}, seconds=0.5)


def test_arguments_that_no_process_can_be_told_are_how_it_ended(interpreter: Interpreter) -> None:
    """An option of a plug-in's variant may be anything."""
    ended = _run(interpreter, "told", option=object())

    assert ended.end is End.RAISED
    assert "cannot be told to another process" in ended.detail
    assert _run(interpreter, "told").end is End.RETURNED


# A shell without job control starts background jobs, and a test run may be one, with the interrupt ignored.
INTERRUPTIBLE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":  # gone, and not yet waited for by whoever inherited it
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError(f"process {pid} is still there")
