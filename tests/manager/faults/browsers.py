"""Browsers that use a web server with `shutdown_app` until nobody answers any more, and what they were told.

Invariant: what is in `Browsers.acknowledged` came in a complete response with status 200.
"""

import http.client
import json
import random
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any

BROWSERS = 4
OPEN_TABS = 12
"""Sessions that one browser goes on using."""
PATIENCE = 20.0
"""Seconds for which a response is waited for: a request that hangs fails its test."""


@dataclass
class Browsers:
    """Threads that send one request after another to a port of the loopback.

    Parameters
    ----------
    port
        Of the server.
    """

    port: int
    acknowledged: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """By the constant part of the id: the attributes that were set in each session."""
    responses: int = 0
    processes: set[int] = field(default_factory=set[int])
    """Which of the server have answered."""
    begin_only: Event = field(default_factory=Event)
    """While it is set each request begins a session: it need not wait for a node that does not answer."""
    server_ends: Event = field(default_factory=Event)
    """From now on a connection may be closed or refused."""
    failure: BaseException | None = None
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def browsing(self) -> Generator[None]:
        """Send requests during a ``with`` block; it ends when the server has ended."""
        threads = [Thread(target=self._browse, args=(f"browser-{number}",)) for number in range(BROWSERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for thread in threads:
                thread.join()
        if self.failure is not None:
            raise self.failure

    def wait_for(self, responses: int, *, processes: int = 1) -> None:
        """Wait until so many more responses have come, and so many processes have sent one."""
        deadline, until = monotonic() + PATIENCE, self.responses + responses
        while self.responses < until or len(self.processes) < processes:
            assert self.failure is None, f"after {self.responses} responses: {self.failure!r}"
            assert monotonic() < deadline, f"only {self.responses} responses of {until} within {PATIENCE} s"
            sleep(0.001)

    def _browse(self, name: str) -> None:
        try:
            cookies: list[str] = []
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            request = 0
            while True:
                request += 1
                begins = not cookies or self.begin_only.is_set() or random.random() < 0.5
                place = None if begins else random.randrange(len(cookies))
                try:
                    reply = self._ask(connection, f"{name}-{request}", None if place is None else cookies[place])
                except ConnectionRefusedError:
                    if self.server_ends.is_set():
                        return
                    raise
                except (ConnectionError, http.client.HTTPException):
                    connection.close()
                    if not self.server_ends.is_set():
                        raise
                    continue  # perhaps another worker goes on
                if place is None:
                    cookies = [*cookies[1 - OPEN_TABS :], reply["cookie"]]
                else:
                    cookies[place] = reply["cookie"] or cookies[place]
        except BaseException as failure:  # noqa: BLE001 - for the main thread
            self.failure = failure

    def _ask(self, connection: http.client.HTTPConnection, attribute: str, cookie: str | None) -> dict[str, Any]:
        headers = {"Cookie": cookie} if cookie else {}
        # Now and then, so that all workers are used; and at last always, for uvicorn keeps a connection that it accepts
        # while it ends for as long as requests come.
        if self.server_ends.is_set() or random.random() < 0.2:
            headers["Connection"] = "close"
        connection.request("GET", f"/{attribute}", headers=headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, f"{attribute}: {response.status} {body!r}"
        reply = json.loads(body)
        with self._lock:
            self.acknowledged.setdefault(reply["sid"], set()).add(attribute)
            self.responses += 1
            self.processes.add(reply["process"])
        return reply
