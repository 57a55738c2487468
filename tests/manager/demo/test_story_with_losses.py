"""A visitor who cannot go on has lost something: the demo ends, and says so."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from demo_scripted_shop import ScriptedShop, fail_with, obey

from memcached_sessions.manager.admin.cli import main
from memcached_sessions.manager.demo import visitor as visiting
from memcached_sessions.manager.demo.cluster import Cluster
from memcached_sessions.manager.demo.journal import Journal, Outcome, Step
from memcached_sessions.manager.demo.story import Story
from memcached_sessions.manager.demo.visitor import Visitor


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "POST /cart was answered by 403"), (500, "POST /cart was answered by 500"), (503, "POST /cart: no answer")],
    ids=["form refused", "error of a server", "nobody answers"],
)
def test_what_no_page_can_say_is_counted(
    shop: ScriptedShop, monkeypatch: pytest.MonkeyPatch, status: int, message: str
) -> None:
    """The journal says what it was, and then how it ended."""
    monkeypatch.setattr(visiting, "RETRY_FOR", 0.0)
    shop.deeds.extend([obey, obey, *[fail_with(status)] * 3])
    journal = Journal()

    outcome = Story(cast(Cluster, SimpleNamespace(address=shop.address)), journal, pace=0).tell()

    *_, step, last = journal.wait_for(0, 1.0)
    assert isinstance(step, Step)
    assert step.text.startswith(f"Ann cannot go on: {message}")
    assert last == outcome
    assert isinstance(outcome, Outcome)
    assert outcome.lost == 1


def test_the_command_says_that_something_was_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not that it cannot run here: all nodes and servers had ended before she sent a form."""
    clusters: list[Cluster] = []
    enter, put = Cluster.__enter__, Visitor.put

    def enter_and_remember(cluster: Cluster) -> Cluster:
        clusters.append(cluster)
        return enter(cluster)

    def lose_all_and_put(visitor: Visitor, item: str, quantity: int) -> None:
        (cluster,) = clusters
        members = [*cluster.nodes.values(), *cluster.servers.values()]
        for member in members:
            member.kill()
        for member in members:
            member.start()
            member.wait_until_it_answers()
        put(visitor, item, quantity)

    monkeypatch.setattr(Cluster, "__enter__", enter_and_remember)
    monkeypatch.setattr(Visitor, "put", lose_all_and_put)

    status = main(["demo", "--json", "--pace", "0"])

    said, complaints = capsys.readouterr()
    last: dict[str, Any] = json.loads(said.splitlines()[-1])
    assert (status, complaints) == (1, "")
    assert (last["kind"], last["lost"]) == ("outcome", 1)
