"""Questions to a plug-in, one after another: each has its one answer, whatever it does to its process."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from memcached_sessions.bench.isolation.forked import End
from memcached_sessions.bench.isolation.interpreter import Interpreter
from memcached_sessions.bench.isolation.series import Series, answer, ask

TASK = """
import os, time
from memcached_sessions.bench.isolation.series import answer

def crash():
    os.abort()

def compute():
    while True:
        pass

def wait():
    time.sleep(60)

def eat():
    return len(bytes(1 << 34))

def slow():
    time.sleep(0.05)
    return "slow"

def ask_and_crash(kinds, asking):
    ask_all(kinds, asking)
    os.abort()

def ask_nothing(kinds, asking):
    raise ValueError("it cannot be made")

def ask_all(kinds, asking):
    questions = {"crash": crash, "compute": compute, "wait": wait, "eat": eat, "slow": slow}
    return answer((questions.get(kind, kind.upper) for kind in kinds), asking)
"""

Ask = Callable[..., Series]


@pytest.fixture
def ask_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return a function that asks questions of some kinds."""
    (tmp_path / "series_task.py").write_text(TASK)
    monkeypatch.syspath_prepend(tmp_path)

    def asked(*kinds: str, task: str = "ask_all", budget: float = 30.0, memory: int | None = None) -> Series:
        with Interpreter() as interpreter:
            arguments = {"kinds": kinds}
            return ask(interpreter, f"series_task:{task}", arguments, seconds=0.2, budget=budget, memory=memory)

    return asked


def test_every_question_has_its_answer_in_order(ask_kinds: Ask) -> None:
    """Nothing went wrong."""
    series = ask_kinds("a", "b", "c")

    assert [(ended.end, ended.value) for ended in series.answers] == [(End.RETURNED, text) for text in "ABC"]
    assert series.rest == ""


def test_a_question_that_ends_the_process_costs_no_other_its_answer(ask_kinds: Ask) -> None:
    """Not those before it, and not those after it."""
    first, crashed, last = ask_kinds("a", "crash", "b").answers

    assert (first.value, last.value) == ("A", "B")
    assert (crashed.end, crashed.detail) == (End.CRASH, "the process ended by SIGABRT")


@pytest.mark.parametrize("kind", ["compute", "wait"])
def test_a_question_that_does_not_end_is_told_from_a_crash(ask_kinds: Ask, kind: str) -> None:
    """Whether it computes or waits."""
    stuck, last = ask_kinds(kind, "b").answers

    assert (stuck.end, stuck.detail) == (End.TIME, "it did not end within 0.2 s")
    assert last.value == "B"


def test_a_question_that_takes_too_much_memory_is_told(ask_kinds: Ask) -> None:
    """The limit is the child's, not ours."""
    greedy, last = ask_kinds("eat", "b", memory=1 << 30).answers

    assert greedy.end is End.MEMORY
    assert last.value == "B"


def test_a_plugin_that_always_crashes_is_asked_a_few_times_only(ask_kinds: Ask) -> None:
    """Else a thousand questions would take a thousand processes."""
    series = ask_kinds(*["crash"] * 1000)

    assert len(series.answers) == 8
    assert "8 processes" in series.rest


def test_a_child_that_ends_after_its_last_answer_has_answered_everything(ask_kinds: Ask) -> None:
    """There is no question that it could be the answer to."""
    series = ask_kinds("a", "b", task="ask_and_crash")

    assert [ended.value for ended in series.answers] == ["A", "B"]
    assert series.rest == ""


def test_a_child_that_asks_nothing_answers_nothing(ask_kinds: Ask) -> None:
    """The reason is told once."""
    series = ask_kinds("a", "b", task="ask_nothing")

    assert series.answers == ()
    assert series.rest == "nothing could be asked: ValueError: it cannot be made"


def test_no_question_is_asked_after_the_budget(ask_kinds: Ask) -> None:
    """A slow plug-in has fewer answers, and the series says why."""
    series = ask_kinds(*["slow"] * 1000, budget=0.3)

    assert 1 <= len(series.answers) < 1000
    assert {ended.value for ended in series.answers} == {"slow"}
    assert series.rest == "0.3 s had passed"


def test_a_question_is_asked_once(tmp_path: Path) -> None:
    """What has an answer is skipped."""
    journal = tmp_path / "answers"
    asked: list[int] = []

    def question(number: int) -> int:
        asked.append(number)
        return number

    before = [signal.getsignal(alarm) for alarm in (signal.SIGPROF, signal.SIGALRM)]
    asking = {"journal": str(journal), "first": 2, "seconds": 5.0, "budget": 5.0}
    try:
        left = answer((lambda number=number: question(number) for number in range(4)), asking)  # type: ignore[arg-type]
    finally:
        for alarm, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(alarm, handler)

    assert left is True
    assert asked == [2, 3]
    assert journal.read_text().splitlines() == ["asked", "2", "asked", "3", "complete"]
