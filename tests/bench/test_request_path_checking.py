"""Subjects that do not do what they are timed for are found out, and what is lost between threads is counted."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import sleep
from typing import Any

import pytest

from memcached_sessions.bench.request_path.bare_subject import bare_offers
from memcached_sessions.bench.request_path.checking import BrokenSubjectError, check
from memcached_sessions.bench.request_path.lost_updates import INCREMENTS, lost_updates
from memcached_sessions.bench.request_path.result import Group, Kind
from memcached_sessions.bench.request_path.server import Server
from memcached_sessions.bench.request_path.subject import (
    COUNTER,
    FIRST_NUMBER,
    SESSIONS,
    Offer,
    Subject,
    Target,
    UnavailableError,
)
from memcached_sessions.bench.store import open_store

TARGET = Target("127.0.0.1", 0, lambda: {"user": "7", "cart": [1, 2]})


class InMemory:
    """A subject whose sessions are dicts, and which can be broken."""

    def __init__(self) -> None:
        self.sessions = [TARGET.content() for _ in range(SESSIONS)]

    def prepare(self, kind: Kind, numbers: Sequence[int]) -> Callable[[], object]:
        return lambda: [self.request(kind, number) for number in numbers][-1]

    def request(self, kind: Kind, number: int) -> object:
        session = self.sessions[number % SESSIONS]
        if kind is Kind.CHANGE:
            session[COUNTER] = number
        return session[TARGET.probe] if kind is Kind.READ else None

    def settle(self) -> None:
        pass

    def stored(self, number: int) -> Mapping[str, Any]:
        return self.sessions[number % SESSIONS]

    def increment(self, name: str, think: float) -> None:
        found = self.sessions[0].get(name, 0)
        sleep(think)
        self.sessions[0][name] = found + 1

    def close(self) -> None:
        pass


class ReadsNothing(InMemory):
    """Its reads do not reach the session."""

    def request(self, kind: Kind, number: int) -> object:
        return None if kind is Kind.READ else super().request(kind, number)


class ForgetsChanges(InMemory):
    """Its changes do not reach the session."""

    def request(self, kind: Kind, number: int) -> object:
        return None if kind is Kind.CHANGE else super().request(kind, number)


class ChangesOnce(InMemory):
    """It keeps the first change of a session, and no other."""

    def request(self, kind: Kind, number: int) -> object:
        session = self.sessions[number % SESSIONS]
        if kind is Kind.CHANGE and session[COUNTER] != FIRST_NUMBER - 1:
            return None
        return super().request(kind, number)


class LosesWhatItHeld(InMemory):
    """Its changes drop another attribute."""

    def request(self, kind: Kind, number: int) -> object:
        if kind is Kind.CHANGE:
            self.sessions[number % SESSIONS].pop("cart", None)
        return super().request(kind, number)


class LosesEveryOther(InMemory):
    """It acknowledges increments that it does not make."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = dict[str, int]()

    def increment(self, name: str, think: float) -> None:
        self.asked[name] = self.asked.get(name, 0) + 1
        if self.asked[name] % 2:
            super().increment(name, think)


def offer(subject: Callable[[], Subject]) -> Offer:
    """Return a row that opens a subject."""
    return Offer("row", Group.PEER, lambda _: subject())


def test_a_subject_that_keeps_its_sessions_passes() -> None:
    """What was put in is read, and what was changed is there."""
    subject = InMemory()

    check(offer(InMemory), subject, TARGET)

    assert subject.sessions[FIRST_NUMBER % SESSIONS][COUNTER] == FIRST_NUMBER


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (ReadsNothing, "a request read None from 'user', not '7'"),
        (ForgetsChanges, f"after n was set to {FIRST_NUMBER}: memcached has {FIRST_NUMBER - 1} as 'n'"),
        (ChangesOnce, f"memcached has {FIRST_NUMBER} as 'n', not {FIRST_NUMBER + SESSIONS}"),
        (LosesWhatItHeld, "memcached has no attribute 'cart'"),
    ],
)
def test_a_broken_subject_is_found_out_before_it_is_timed(broken: type[InMemory], complaint: str) -> None:
    """Each of these would look fast."""
    with pytest.raises(BrokenSubjectError, match=complaint):
        check(offer(broken), broken(), TARGET)


def test_lost_increments_are_counted_in_every_run() -> None:
    """Of two threads with attributes of their own, so none is lost by their race in a dict."""
    assert [each.lost for each in lost_updates(LosesEveryOther(), 2)] == [(INCREMENTS, INCREMENTS)] * 2
    assert [each.lost for each in lost_updates(InMemory(), 1)] == [(0,), (0,)]
    assert {each.made for each in lost_updates(InMemory(), 1)} == {2 * INCREMENTS}


def test_only_the_decoding_row_of_the_bare_client_needs_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline of the goals is there without any extra."""
    monkeypatch.setitem(sys.modules, "msgspec.msgpack", None)
    with open_store() as store:
        server = Server(store)
        target = replace(TARGET, host=server.host, port=server.port)
        plain, decoding = bare_offers()
        subject = plain.open(target)
        try:
            check(plain, subject, target)
        finally:
            subject.close()
        with pytest.raises(UnavailableError, match="the extra request-path has it"):
            decoding.open(target)
