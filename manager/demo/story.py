"""The demo: a visitor fills a cart, while what serves her dies and freezes, one after the other."""

import time
from collections.abc import Callable
from typing import Any

from .child import DemoError
from .cluster import Cluster
from .journal import Journal, Outcome, Served, Step
from .losses import Loss, Lost, NotAnswered
from .shop_page import Page
from .visitor import Exchange, Visitor

NODE_BACK_WITHIN = 10.0
"""Seconds until a node that is back must be used again."""


class Story:
    """One visitor, and what she goes through.

    Parameters
    ----------
    cluster
        That runs.
    journal
        Where everything is written.
    pace
        Seconds between two clicks.
    """

    def __init__(self, cluster: Cluster, journal: Journal, pace: float) -> None:
        self._cluster = cluster
        self._journal = journal
        self._pace = pace
        self._served: list[Served] = []
        self._visitor = Visitor(cluster.address, "Ann", self._note, curious=True)

    def tell(self) -> Outcome:
        """Go through all of it, or until she cannot go on, and return how it ended; the journal says so, too.

        Raises
        ------
        DemoError
            The cluster does not do what it is told.
        """
        ended_early = False
        try:
            self._go_on()
        except (Lost, NotAnswered) as error:
            ended_early = True
            self._journal.write(Step(f"Ann cannot go on: {error}"))
        finally:
            self._visitor.close()
        outcome = Outcome(
            requests=len(self._served),
            unanswered=sum(not served.server for served in self._served),
            slowest_milliseconds=max((served.milliseconds for served in self._served), default=0.0),
            lost=self._told + ended_early,
        )
        self._journal.write(outcome)
        return outcome

    def _go_on(self) -> None:
        ann, cluster = self._visitor, self._cluster
        self._step("Ann registers, and puts things into her cart", ann.register)
        self._click(lambda: ann.put("apple", 3), lambda: ann.put("fig", 2))

        server, _ = self._place()
        self._step(f"{server}, which serves her, is killed (SIGKILL)", cluster.servers[server].kill)
        self._click(ann.look, lambda: ann.put("kiwi", 1))
        self._step(f"{server} is started again; she stays where her session is", cluster.servers[server].start)
        cluster.servers[server].wait_until_it_answers()
        self._click(ann.look)

        _, node = self._place()
        self._step(f"{node}, the memcached node with her backup, is killed (SIGKILL)", cluster.nodes[node].kill)
        self._click(ann.look, lambda: ann.put("plum", 4), ann.look)
        self._step(f"{node} is started again, empty", cluster.nodes[node].start)
        self._wait_until_used(node)
        self._click(ann.look)

        _, node = self._place()
        self._step(f"{node}, where her backup is now, is frozen (SIGSTOP)", cluster.nodes[node].freeze)
        self._click(lambda: ann.put("pear", 5), ann.look, lambda: ann.put("fig", 6))
        self._step(f"{node} goes on", cluster.nodes[node].thaw)
        self._wait_until_used(node)
        self._click(ann.look)

        self._step("Ann logs out, and in again", ann.log_out)
        self._click(ann.log_in, ann.look)

    def _step(self, text: str, do: Callable[[], Any]) -> None:
        self._journal.write(Step(text))
        self._attempt(do)
        time.sleep(self._pace)

    def _click(self, *clicks: Callable[[], Any]) -> None:
        for click in clicks:
            self._attempt(click)
            time.sleep(self._pace)

    def _attempt(self, do: Callable[[], Any]) -> None:
        """Do something; what was lost is in the journal already, unless no page could say so."""
        told = self._told
        try:
            do()
        except (Lost, NotAnswered):
            if self._told == told:
                raise

    @property
    def _told(self) -> int:
        """How often a page has not said what it should."""
        return sum(len(served.lost) for served in self._served)

    def _place(self) -> tuple[str, str]:
        """Return the server and the node of her session: what a balancer sees of it, too."""
        if not all(self._visitor.place):
            raise Lost(Loss.LOGIN, "her session has no node and no route any more")
        return self._visitor.place

    def _wait_until_used(self, node: str) -> None:
        """Wait until the servers that noticed its absence use a node again."""
        deadline = time.monotonic() + NODE_BACK_WITHIN
        while time.monotonic() < deadline:
            if all(
                health is not None and health.nodes[node] and not health.unbacked for health in self._cluster.healths()
            ):
                return
            time.sleep(0.05)
        raise DemoError(f"{node} is back, but is not used again after {NODE_BACK_WITHIN:.0f} s")

    def _note(self, exchange: Exchange) -> None:
        told: Any = exchange.told
        shows_the_shop = exchange.method == "GET" and exchange.path == "/" and exchange.status == 200
        served = Served(
            number=len(self._served) + 1,
            method=exchange.method,
            path=exchange.path,
            status=exchange.status,
            milliseconds=round(1000 * exchange.seconds, 1),
            server=told.get("server", ""),
            source=told.get("source", ""),
            stored_on=tuple(told.get("stored_on", ())),
            events=tuple(told.get("events", ())),
            lost=tuple(self._visitor.missing(Page.of(exchange.body))) if shows_the_shop else (),
        )
        self._served.append(served)
        self._journal.write(served)
