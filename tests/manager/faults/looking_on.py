"""Who only looks on while nodes are down: requests that change nothing, and another process."""

import time
from dataclasses import dataclass, field

from memcached_sessions import SessionManager

from .load import Load
from .patient_onlooker import found_with_patience


@dataclass
class Quiet:
    """Sessions that are only read, and how long that took."""

    manager: SessionManager
    cookies: list[str]
    waits: list[float] = field(default_factory=list[float])

    def read(self) -> None:
        """Read all of them."""
        for number, cookie in enumerate(self.cookies):
            began = time.monotonic()
            with self.manager.request(cookie) as session:
                assert session.copy() == {"quiet": number}
            self.waits.append(time.monotonic() - began)


@dataclass
class Onlooker:
    """Another process that looks at sessions on the nodes again and again, and never finds less than before."""

    nodes: str
    load: Load
    found: list[int] = field(default_factory=list[int])

    def look(self) -> None:
        """Look at all of them."""
        cookies = [customer.cookie for customer in self.load.customers]
        steps = [attributes.get("steps", 0) for attributes in found_with_patience(self.nodes, cookies)]
        for number, (now, before) in enumerate(zip(steps, self.found or [0] * len(steps), strict=True)):
            assert now >= before, f"session {number}: {before} updates were stored, and then only {now}"
        self.found = steps
