"""What was found at a source: sessions, and how many could not be read, by the reason.

Invariant: everything that was looked at is in one of the two; a reason quotes nothing of what could not be read.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, cast

from ....serializers.library_classes import distribution_of

_TAG = re.compile(r"no class is registered under the tag '[^']{1,64}'")
_AWAITED = re.compile(r"the tag '[^']{1,64}' is of the converters for (\w{1,64})")


@dataclass
class Found:
    """Sessions that were read, and the rest."""

    sessions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    unread: Counter[str] = field(default_factory=Counter[str])
    """How many could not be read, by the reason."""
    total: int = 0
    """How many there are at the source, of which these are a sample; a session that is on two nodes counts twice."""
    examples: dict[str, str] = field(default_factory=dict[str, str])
    """For each reason where it was met first, for messages on the user's screen; no report has them."""

    def add(self, session: object, example: str = "") -> None:
        """Add what was read; what is no session is counted, as `pass_over` does.

        >>> found = Found()
        >>> found.add({"cart": []})
        >>> found.add([1, 2])
        >>> len(found.sessions), dict(found.unread)
        (1, {'it holds no dict of attributes by name': 1})
        """
        if type(session) is dict and all(type(name) is str for name in cast("dict[object, object]", session)):
            self.sessions.append(cast("dict[str, Any]", session))
        else:
            self.pass_over("it holds no dict of attributes by name", example)

    @property
    def lacks_classes(self) -> bool:
        """Whether something could not be read because a class in it is registered nowhere here."""
        return any(_TAG.search(reason) or _AWAITED.search(reason) for reason in self.unread)

    def pass_over(self, reason: str, example: str = "") -> None:
        """Count what could not be read.

        Parameters
        ----------
        reason
            In words that are the same for all that fail in this way.
        example
            Where it is.
        """
        self.unread[reason] += 1
        self.examples.setdefault(reason, example)

    def advise(self, words: str, advice: str) -> None:
        """Add what to do to the reasons that have some words.

        >>> found = Found()
        >>> found.pass_over("it is signed, and signing_keys is empty here", "n1")
        >>> found.advise("signing_keys is empty", "give a file")
        >>> found.unread, found.examples
        (Counter({'it is signed, and signing_keys is empty here: give a file': 1}), \
{'it is signed, and signing_keys is empty here: give a file': 'n1'})
        """
        for reason in [reason for reason in self.unread if words in reason]:
            self.unread[f"{reason}: {advice}"] = self.unread.pop(reason)
            self.examples[f"{reason}: {advice}"] = self.examples.pop(reason, "")


def reason_of(what: str, error: Exception) -> str:
    """Return the reason for what a serializer could not read: what it is, and the class that is missing, if one is.

    >>> print(reason_of("json cannot read it", ValueError("no class is registered under the tag 'shop.Cart' here")))
    json cannot read it: no class is registered under the tag 'shop.Cart': name the function that does, by --converters
    >>> reason_of("compact cannot read it", ValueError("Ada is no number"))
    'compact cannot read it'
    """
    missing, awaited = _TAG.search(str(error)), _AWAITED.search(str(error))
    if awaited:
        library = awaited[1]
        if find_spec(library) is None:
            return f"{what}: {awaited[0]}: {library} is not installed here: pip install {distribution_of(library)}"
        return f"{what}: {awaited[0]}: name a function that imports it, by --converters"
    return f"{what}: {missing[0]}: name the function that does, by --converters" if missing else what
