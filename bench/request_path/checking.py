"""Checks a subject before it is timed, for a broken one looks fast.

Invariant: what passes has read from its session what was put there, and memcached has what a change made of it.
"""

from collections.abc import Mapping
from typing import Any

from .result import Kind
from .subject import COUNTER, FIRST_NUMBER, SESSIONS, Offer, Subject, Target


class BrokenSubjectError(Exception):
    """A subject does not do what it is to be timed for."""


def check(offer: Offer, subject: Subject, target: Target) -> None:
    """Make requests of every kind, and look at what became of the session.

    Raises
    ------
    BrokenSubjectError
        Something else was read, or is in memcached, than what should be.
    """
    content = target.content()
    _compare(content, subject.stored(FIRST_NUMBER), "a new session")
    for kind in (Kind.NO_SESSION, Kind.NOT_LOOKED_AT):
        if kind in offer.kinds:
            subject.prepare(kind, [FIRST_NUMBER])()
            subject.settle()
            _compare(content, subject.stored(FIRST_NUMBER), f"after a request ({kind})")
    if Kind.READ in offer.kinds:
        found = subject.prepare(Kind.READ, [FIRST_NUMBER])()
        if found != content[target.probe]:
            raise BrokenSubjectError(f"a request read {found!r} from {target.probe!r}, not {content[target.probe]!r}")
    if Kind.CHANGE in offer.kinds:
        for number in (FIRST_NUMBER, FIRST_NUMBER + SESSIONS, FIRST_NUMBER):  # of one session
            change_and_check(subject, target, number)


def change_and_check(subject: Subject, target: Target, number: int) -> None:
    """Change one session, and look at what memcached holds then.

    Raises
    ------
    BrokenSubjectError
        It is not what was written.
    """
    subject.prepare(Kind.CHANGE, [number])()
    subject.settle()
    _compare(target.content(number), subject.stored(number), f"after {COUNTER} was set to {number}")


def _compare(expected: Mapping[str, Any], stored: Mapping[str, Any], when: str) -> None:
    """Libraries keep attributes of their own in a session too; all others must be as they were put there."""
    for name, value in expected.items():
        if name not in stored:
            raise BrokenSubjectError(f"{when}: memcached has no attribute {name!r}")
        if stored[name] != value:
            raise BrokenSubjectError(f"{when}: memcached has {stored[name]!r} as {name!r}, not {value!r}")
