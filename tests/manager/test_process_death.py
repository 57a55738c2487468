"""The first of two application processes is killed again and again, wherever it just is, and the second takes over.

Two real memcached nodes, synchronous backup: 1 000 sessions over at least 20 SIGKILLs. A killed process is in the
middle of requests, often in the middle of a command to a node. The model of a session is how many of its updates were
replied to; the one that was under way may be there or not.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from threading import Thread
from time import sleep

from faults.application import after_updates
from faults.application_process import ApplicationProcess, Client, cookie_after
from faults.killing_relay import KillingRelay
from memcached_process import MemcachedProcess, node_list, ports_as_nodes

SESSIONS = 1_000
DEATHS = 20
CLIENTS = 4
BYTES_OF_A_LIFE = 200_000
"""Most that a process says to its nodes and hears from them before it is killed; half of it is about 80 requests."""
SECONDS_OF_A_LIFE = 0.2
PATIENT = {"operation_timeout": 10, "connect_timeout": 10, "session_backup_timeout": 10}
"""No node fails here; on a machine under load one may seem to, and what is then in doubt is not what is counted."""


@dataclass
class Customer:
    """A session as its client knows it."""

    number: int
    cookie: str | None = None
    updates: int = 0
    """Replied to."""
    in_doubt: bool = False
    """One more was under way when the process died."""

    def ask(self, client: Client, do: str, seed: int) -> None:
        """Send a request, see that its reply is what the model says, and settle what was in doubt."""
        before = self.updates, self.updates + self.in_doubt
        self.in_doubt = self.in_doubt or do == "update"
        reply = client.ask(self.cookie, do, customer=self.number)
        found = reply["attributes"].get("steps", 0)
        assert found - (do == "update") in before, f"{do}: {found} updates of {self}, seed {seed}"
        assert reply["attributes"] == after_updates(self.number, found), f"{do}: {self}, seed {seed}"
        self.cookie, self.updates, self.in_doubt = cookie_after(reply, self.cookie), found, False


@dataclass
class Shopper:
    """A client thread with customers of its own: it begins and updates their sessions until the process dies."""

    dice: random.Random
    seed: int
    numbers: Iterator[int]
    customers: list[Customer] = field(default_factory=list[Customer])
    touched: list[Customer] = field(default_factory=list[Customer])
    failure: BaseException | None = None

    def shop(self, port: int) -> None:
        """Make requests to a port until nobody answers there any more."""
        try:
            with Client(port) as client:
                while True:
                    customer = self._next()
                    self.touched.append(customer)
                    customer.ask(client, self.dice.choice(["update", "update", "read"]), self.seed)
        except ConnectionError:
            pass
        except BaseException as failure:  # noqa: BLE001 - for the main thread
            self.failure = failure

    def _next(self) -> Customer:
        number = next(self.numbers, None) if not self.customers or self.dice.random() < 0.5 else None
        if number is None:
            return self.dice.choice(self.customers)
        self.customers.append(Customer(number))
        return self.customers[-1]


class Succession:
    """The lives of the first process, one after another; the next one starts while one serves."""

    def __init__(self, stack: ExitStack, nodes: list[MemcachedProcess]) -> None:
        self._stack = stack
        self._ports = [node.port for node in nodes]
        self._next = self._begin()

    def take(self) -> tuple[ApplicationProcess, KillingRelay]:
        """Return a process that serves, and its relay."""
        taken, self._next = self._next, self._begin()
        return taken

    def _begin(self) -> tuple[ApplicationProcess, KillingRelay]:
        relay = self._stack.enter_context(KillingRelay(self._ports))
        return self._stack.enter_context(ApplicationProcess(ports_as_nodes(relay.ports), "a", **PATIENT)), relay


def test_every_session_that_was_replied_to_survives_20_deaths_of_its_process() -> None:
    """What the second process serves is what the first one had replied, with all attributes, nested ones too."""
    seed = random.SystemRandom().randrange(2**32)
    dice = random.Random(seed)
    deaths = in_doubt = 0
    with ExitStack() as stack:
        nodes = [stack.enter_context(MemcachedProcess()) for _ in range(2)]
        second = stack.enter_context(ApplicationProcess(node_list(nodes), "b", **PATIENT))
        succession = Succession(stack, nodes)
        numbers = count()
        shoppers = [Shopper(random.Random(dice.random()), seed, numbers) for _ in range(CLIENTS)]
        survivor = stack.enter_context(Client(second.ports[0]))
        while deaths < DEATHS or len(begun(shoppers)) < SESSIONS:
            process, relay = succession.take()
            run_until_killed(process, relay, shoppers, dice)
            deaths += 1
            for shopper in shoppers:
                in_doubt += sum(customer.in_doubt for customer in shopper.customers)
                for customer in shopper.touched:
                    customer.ask(survivor, dice.choice(["update", "read", "read"]), seed)
                shopper.touched.clear()
        for customer in begun(shoppers):
            customer.ask(survivor, "read", seed)
    assert in_doubt >= deaths, "the process was hardly ever killed in the middle of an update"


def begun(shoppers: list[Shopper]) -> list[Customer]:
    """Return the customers whose session was ever replied to."""
    return [customer for shopper in shoppers for customer in shopper.customers if customer.cookie]


def run_until_killed(
    process: ApplicationProcess, relay: KillingRelay, shoppers: list[Shopper], dice: random.Random
) -> None:
    """Let the shoppers shop until the process is killed, and wait until the nodes have done what it had sent."""
    port = process.ports[0]
    threads = [Thread(target=shopper.shop, args=(port,)) for shopper in shoppers]
    for thread in threads:
        thread.start()
    if dice.random() < 0.75:
        relay.kill_after(dice.randrange(1, BYTES_OF_A_LIFE), process.die)
    else:
        sleep(dice.uniform(0, SECONDS_OF_A_LIFE))
        process.die()
    for thread in threads:
        thread.join()
    process.kill()
    relay.settle()
    for shopper in shoppers:
        if shopper.failure:
            raise shopper.failure
