"""``dry_run``: sessions are tried and reported on, nothing reaches a node, and no request fails for a value."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

import pytest
from cluster import Client
from flask import Flask, session
from hypothesis import given, settings
from hypothesis import strategies as st
from memcached_process import MemcachedProcess, node_list

from memcached_sessions import SessionManager
from memcached_sessions.manager import ConfigurationError, DryRunReport, Settings
from memcached_sessions.manager.dry_run_codec import DryRunCodec
from memcached_sessions.manager.dry_run_report import MOST_LOGGED, MOST_OF_ONE_ATTRIBUTE, MOST_STATES, DryRun
from memcached_sessions.manager.session_codec import SessionCodec
from memcached_sessions.manager.web.flask import EXTENSION, MemcachedSessions
from memcached_sessions.serializers import Capabilities, SerializationError
from memcached_sessions.serializers.formats.json import JsonSerializer
from memcached_sessions.serializers.survey import Finding, FindingKind, survey

VALUE = "a value of the session"


class Cart:
    """A class that nobody has registered."""

    def __init__(self, *items: object) -> None:
        self.items = list(items)


@dataclass
class Item:
    """Another one."""

    name: str = VALUE


class Forgetful:
    """A serializer that loses something and does not say so."""

    name = "forgetful"
    capabilities = Capabilities(safe=True)

    def dumps(self, value: Any, /) -> bytes:
        """Write a Decimal as a string, and nothing where it cannot be read again."""
        if "broken" in value:
            return b"{"
        return json.dumps(value, default=str).encode()

    def loads(self, data: bytes, /) -> object:
        """Read what there is."""
        return json.loads(data)


@pytest.fixture
def node(shared_memcached: MemcachedProcess) -> Iterator[MemcachedProcess]:
    """A memcached that nobody connects to but the test, once for each look at its statistics."""
    before = shared_memcached.statistics()
    yield shared_memcached
    after = shared_memcached.statistics()
    assert int(after["total_connections"]) - int(before["total_connections"]) == 1
    commands = ("cmd_meta", "cmd_get", "cmd_set", "cmd_touch", "cmd_flush", "curr_items")
    assert [after[name] for name in commands] == [before[name] for name in commands]


@pytest.fixture
def start(node: MemcachedProcess) -> Iterator[Callable[..., SessionManager]]:
    """Return what starts a dry run with the node."""
    made: list[SessionManager] = []

    def new(**settings: Any) -> SessionManager:
        made.append(SessionManager(f"n1:127.0.0.1:{node.port}", dry_run=True, **settings))
        return made[-1]

    yield new
    for manager in made:
        manager.close()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return what returns the warnings of a dry run."""
    caplog.set_level(logging.DEBUG, "memcached_sessions")
    return lambda: [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def report_of(manager: SessionManager) -> DryRunReport:
    """Return the report of a dry run."""
    report = manager.dry_run_report()
    assert report is not None
    return report


def line(cls: type) -> str:
    """Return what is said of a class that is not registered."""
    root = cls.__module__.partition(".")[0]
    return f'{cls.__module__}.{cls.__name__} is not registered: register({cls.__name__}, tag="{root}.{cls.__name__}")'


def test_an_object_that_cannot_be_kept_lives_on_in_the_process(
    start: Callable[..., SessionManager], log: Callable[[], list[str]]
) -> None:
    """It is the very object that the next request sees, changed as requests change it; the log says what it needs."""
    manager, client = start(), Client()
    with client.request(manager) as session:
        session["cart"], session["user"] = Cart(Item()), 7

    with client.request(manager) as session:
        session["cart"].items.append(Item())
    with client.request(manager) as session:
        assert [type(item) for item in session["cart"].items] == [Item, Item]
        assert session["user"] == 7

    assert log()[1:] == [f"dry run: cart: {line(Cart)}", f"dry run: cart.items[0]: {line(Item)}"]
    assert VALUE not in "".join(log())
    findings = report_of(manager).findings
    assert [(common.finding.type.rpartition(".")[2], common.finding.paths) for common in findings] == [
        ("Cart", ("cart",)),
        ("Item", ("cart.items[0]",)),
    ]


def test_the_start_and_the_end_are_told_loudly(log: Callable[[], list[str]]) -> None:
    """Nobody is to take it for the real thing, and nobody has to be there when something is found."""
    with SessionManager("n1:10.0.0.1:11211", dry_run=True) as manager:
        for number in range(3):
            with manager.request(None) as session:
                session["text"], session["lines"] = "x" * 10**number, [Item()]
        assert (manager.health().dry_run, manager.health().enabled) == (True, False)

    assert log()[0].startswith("dry run: no node is connected and nothing is stored")
    sizes = [len(SessionCodec(Settings(memcached_nodes="memory://")).encode({"text": "x" * 10**n})) for n in range(3)]
    assert log()[-2:] == [
        f"dry run: 3 sessions in 3 states, of {sizes[1]} bytes (median) to {sizes[2]} bytes (the largest); 1 finding",
        f"dry run: 3 times, first at lines[0]: {line(Item)}",
    ]


def test_what_is_kept_is_reported_by_size_and_type_alone(start: Callable[..., SessionManager]) -> None:
    """A state that was looked at is not looked at again."""
    manager, client = start(), Client()
    client.write(manager, price=Decimal("9.90"), seats=(1, 2))
    for _ in range(3):
        client.read(manager)
        client.write(manager, price=Decimal("9.90"))
    client.write(manager, more=1)

    report = report_of(manager)

    assert (report.sessions, report.states, report.findings) == (1, 2, ())
    assert {each.type: each.values for each in report.types} == {
        "dict": 2, "str": 2, "decimal.Decimal": 2, "tuple": 2, "int": 2
    }  # fmt: skip
    assert report.median_bytes is not None
    assert report.most_bytes is not None
    assert 0 < report.median_bytes < report.most_bytes
    assert json.dumps(asdict(report))


def test_without_a_dry_run_there_is_no_report() -> None:
    """And health says so."""
    with SessionManager("memory://") as manager:
        assert manager.dry_run_report() is None
        assert not manager.health().dry_run


@pytest.mark.parametrize("asynchronous", [False, True])
def test_async_requests_and_backups_are_tried_too(start: Callable[..., SessionManager], asynchronous: bool) -> None:
    """Rotation and destruction go on as ever."""
    manager, client = start(session_backup_async=asynchronous, route="a"), Client()

    async def shop() -> None:
        async with manager.arequest(None) as session:
            session["cart"] = Cart()
        client.take(session.cookie)
        async with manager.arequest(client.cookie) as session:
            assert type(session["cart"]) is Cart
            await manager.arotate(session)
        client.take(session.cookie)
        async with manager.arequest(client.cookie) as session:
            assert type(session["cart"]) is Cart
            session["page"] = 2
            await manager.adestroy(session)

    asyncio.run(shop())

    assert client.read(manager) == {}
    assert report_of(manager).findings[0].finding.paths == ("cart",)
    assert manager.drain(0) == 0


def test_a_flask_application_goes_on_with_its_objects(node: MemcachedProcess, log: Callable[[], list[str]]) -> None:
    """By its own key of the setting."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=VALUE,
        MEMCACHED_SESSIONS_NODES=node_list([node]),
        MEMCACHED_SESSIONS_DRY_RUN=True,
    )
    MemcachedSessions(app)

    @app.post("/cart")
    def add() -> str:  # pyright: ignore[reportUnusedFunction]
        session.setdefault("cart", Cart()).items.append(Item())
        return str(len(session["cart"].items))

    client = app.test_client()
    answers = [client.post("/cart") for _ in range(3)]
    app.extensions[EXTENSION].close()

    assert [answer.text for answer in answers] == ["1", "2", "3"]
    assert {answer.status_code for answer in answers} == {200}
    assert f"dry run: cart.items[0]: {line(Item)}" in log()


def test_isolated_sessions_as_django_has_them_go_on_with_their_objects(start: Callable[..., SessionManager]) -> None:
    """A private copy has the very object, which cannot be copied."""
    manager = start()
    session = manager.open(None)
    copy = session.private_copy()
    copy.attributes |= {"cart": Cart(), "user": 7}
    session.merge(copy)
    manager.commit(session)
    manager.release(session)

    session = manager.open(session.id)
    again = session.private_copy()
    again.attributes["user"] = 8
    session.merge(again)

    assert again.attributes["cart"] is session["cart"]
    assert (type(session["cart"]), session["user"]) == (Cart, 8)
    manager.release(session)


def test_what_a_format_does_not_keep_is_told_with_its_place(
    start: Callable[..., SessionManager], log: Callable[[], list[str]]
) -> None:
    """Although every class in it is registered; the rest is kept."""
    manager, client = start(serializer="json"), Client()
    cycle: list[Any] = []
    cycle.append(cycle)
    client.write(manager, menu=cycle, user=7)
    client.write(manager, menu=cycle, user=8)

    told = [common.finding for common in report_of(manager).findings]

    assert [(finding.kind, finding.paths) for finding in told] == [(FindingKind.REFUSED, ("menu[0]",))]
    assert any("menu[0]: refers back to menu" in record for record in log())


def test_attributes_that_are_too_much_together_are_left_out_largest_first() -> None:
    """Each by itself would be kept."""
    dry_run = DryRun()
    settings = Settings(memcached_nodes="memory://", dry_run=True, serializer=JsonSerializer(max_size=100))
    codec = DryRunCodec(settings, dry_run)

    payload = codec.encode({"a": "x" * 10, "b": "x" * 70, "c": "x" * 40})

    assert codec.decode_own(payload) == {"a": "x" * 10, "c": "x" * 40}
    assert [common.finding.kind for common in dry_run.report().findings] == [FindingKind.REFUSED]


class Slow(Forgetful):
    """A serializer that takes its time to refuse a menu, and counts."""

    def __init__(self) -> None:
        self.refused = 0

    def dumps(self, value: Any, /) -> bytes:
        """Refuse it."""
        if "menu" in value:
            self.refused += 1
            time.sleep(0.06)
            raise SerializationError("too deep", path="menu")
        return super().dumps(value)


def test_what_is_refused_slowly_is_not_tried_again_with_each_request() -> None:
    """It is reported, and what is put in its place is tried."""
    serializer, dry_run, menu = Slow(), DryRun(), list[object]()
    codec = DryRunCodec(Settings(memcached_nodes="memory://", dry_run=True, serializer=serializer), dry_run)

    payloads = [codec.encode({"menu": menu, "user": user}) for user in range(5)]
    tries = serializer.refused
    codec.encode({"menu": (1, 2), "user": 7})

    assert (tries, serializer.refused > tries) == (2, True)  # among all attributes, and by itself
    assert [codec.decode_own(payload) for payload in payloads] == [{"user": user} for user in range(5)]
    assert [common.finding.paths for common in dry_run.report().findings] == [("menu",)]


def test_a_session_is_looked_at_once_for_each_request_however_much_of_it_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look finds all refusals together."""
    looks: list[object] = []

    def look(value: Any, *arguments: Any, **options: Any) -> Any:
        looks.append(value)
        return survey(value, *arguments, **options)

    monkeypatch.setattr("memcached_sessions.manager.dry_run_codec.survey", look)
    codec = DryRunCodec(Settings(memcached_nodes="memory://", dry_run=True), DryRun())

    codec.encode({f"cart{number}": Cart() for number in range(10)})

    assert len(looks) == 1


def test_an_attribute_that_takes_the_time_of_a_look_hides_no_other() -> None:
    """What the look did not reach was refused by itself, and is told by that."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    dry_run = DryRun()
    codec = DryRunCodec(Settings(memcached_nodes="memory://", dry_run=True), dry_run)

    codec.encode({"deep": deep, "cart": Cart(), "user": 7})

    assert {common.finding.paths[0][:4] for common in dry_run.report().findings} == {"deep", "cart"}
    while deep:  # one by one: freeing all at once is a recursion of Python's own
        deep = deep[0]


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("signing_keys", [(), ("a key of thirty-two bytes or more",)])
def test_a_session_over_max_session_bytes_is_told_by_the_byte(
    log: Callable[[], list[str]], compression: Literal["zlib"] | None, signing_keys: tuple[str, ...]
) -> None:
    """As it would be stored, with header and signature, compressed; with real nodes the same session is refused."""
    session = {"text": VALUE * 100}

    def settings(limit: int | None) -> dict[str, Any]:
        return {"compression": compression, "signing_keys": signing_keys, "max_session_bytes": limit}

    with SessionManager("memory://", **settings(None)) as manager:
        Client().write(manager, **session)
        size = manager.statistics().stored_size.maximum
    found: list[list[tuple[FindingKind, str]]] = []
    for limit in (size, size - 1):
        with SessionManager("memory://", dry_run=True, **settings(limit)) as manager:
            Client().write(manager, **session)
            found.append([(each.finding.kind, each.finding.problem) for each in report_of(manager).findings])

    problem = f"is over max_session_bytes={size - 1} as it is stored: store less"
    assert found == [[], [(FindingKind.REFUSED, problem)]]
    assert f"dry run: the session itself: {problem}" in log()


def test_a_session_over_the_item_limit_of_memcached_is_told() -> None:
    """One limit for all sizes, unless the settings name another; and a bound on what one session may be at all."""
    told: list[list[str]] = []
    for limit in (None, 2**21):
        with SessionManager("memory://", dry_run=True, serializer="json", max_session_bytes=limit) as manager:
            client = Client()
            for size in (1_000_000, 1_048_576, 1_100_000):
                client.write(manager, text="x" * size)
            told.append([each.finding.problem for each in report_of(manager).findings])

    (problem,) = told[0]
    assert problem.startswith("is over the 1048576 bytes that memcached takes as an item by default: store less")
    assert told[1] == []


def test_attributes_that_the_filter_leaves_out_are_not_looked_at(start: Callable[..., SessionManager]) -> None:
    """They would not be stored."""
    manager, client = start(session_attribute_filter="user"), Client()
    client.write(manager, user=7, view=Cart())

    assert type(client.read(manager)["view"]) is Cart
    assert report_of(manager).findings == ()


def test_what_comes_back_as_something_else_is_told(log: Callable[[], list[str]]) -> None:
    """A serializer of somebody else's may change a value without a word, or not read what it wrote."""
    with SessionManager("memory://", dry_run=True, serializer=Forgetful()) as manager:
        for attributes in ({"price": Decimal("9.90"), "name": VALUE}, {"broken": VALUE}):
            with manager.request(None) as session:
                session.update(attributes)
        told = [common.finding for common in report_of(manager).findings]

    assert [(finding.kind, finding.paths, finding.problem) for finding in told] == [
        (FindingKind.CHANGED, ("price",), "comes back from forgetful as something else: Decimal became str"),
        (FindingKind.CHANGED, ("",), "forgetful cannot read what it has written: JSONDecodeError"),
    ]
    assert "dry run: the session itself: forgetful cannot read what it has written: JSONDecodeError" in log()
    assert VALUE not in "".join(log())


def test_it_cannot_be_switched_to_nodes_while_it_runs(start: Callable[..., SessionManager]) -> None:
    """Nor does it connect to others."""
    manager = start()
    before = manager.settings

    with pytest.raises(ConfigurationError, match=r"enabled cannot be True, this is a dry run.*allowed: False"):
        manager.reconfigure(enabled=True)
    assert manager.settings == before
    manager.reconfigure(memcached_nodes="n2:127.0.0.1:1", enabled=False)

    client = Client()
    client.write(manager, user=7)
    assert client.read(manager) == {"user": 7}


def test_the_settings_say_that_no_node_is_used() -> None:
    """However they are put together."""
    assert not Settings(memcached_nodes="memory://", dry_run=True, enabled=True).enabled
    assert Settings(memcached_nodes="memory://").enabled


def test_a_child_process_begins_with_nothing() -> None:
    """What its parent has found the parent tells."""
    dry_run = DryRun()
    assert dry_run.is_new(b"1", 10)
    dry_run.note_finding(_finding("a"))

    dry_run.begin_anew()

    assert dry_run.report() == DryRunReport(0, 0, None, None, (), ())


def test_what_is_remembered_and_logged_is_bounded(log: Callable[[], list[str]]) -> None:
    """The sizes are those of the last states; findings are counted beyond what is logged."""
    dry_run = DryRun()
    for number in range(MOST_STATES + 1):
        dry_run.is_new(number.to_bytes(4, "big"), 10 if number else 1_000)
    for number in range(MOST_LOGGED + 10):
        dry_run.note_finding(_finding(f"attribute{number}"))

    assert dry_run.is_new(bytes(4), 10)
    assert not dry_run.is_new((7).to_bytes(4, "big"), 10)
    report = dry_run.report()
    assert (report.median_bytes, report.most_bytes) == (10, 1_000)
    assert len(report.findings) == MOST_LOGGED + 10
    assert len(log()) == MOST_LOGGED + 1
    assert log()[-1].endswith("dry_run_report() has them")


def test_one_attribute_does_not_drown_the_others_in_the_log(log: Callable[[], list[str]]) -> None:
    """What is not logged is in the report; the summary is bounded alike."""
    dry_run = DryRun()
    for number in range(MOST_OF_ONE_ATTRIBUTE + 5):
        dry_run.note_finding(Finding(FindingKind.REFUSED, f"shop.C{number}", f"problem {number}", None, 1, ("view.a",)))
    dry_run.note_finding(_finding("cart[0]"))
    logged = log()

    dry_run.log_summary()

    assert len(logged) == MOST_OF_ONE_ATTRIBUTE + 1
    assert logged[-1].startswith("dry run: cart[0]: ")
    assert len(log()) == 2 * len(logged)
    assert len(dry_run.report().findings) == MOST_OF_ONE_ATTRIBUTE + 6


def test_a_record_is_one_line_that_can_be_printed(log: Callable[[], list[str]]) -> None:
    """Keys are anybody's."""
    dry_run = DryRun()
    dry_run.note_finding(_finding("\x1b]0;owned\x07\r\n" + "x" * 5_000))
    dry_run.log_summary()

    assert all(record.isprintable() and len(record) < 1_100 for record in log())
    assert len(log()) == 2


VALUES = st.recursive(
    st.sampled_from([None, 1, VALUE, Decimal("1.0"), "\ud800", print, 10**50, float("nan")]) | st.builds(Item),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3), st.builds(Cart, inner)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5), st.sampled_from(["json", "compact", "msgpack"]))
def test_nothing_that_a_session_holds_fails_a_request(attributes: dict[str, Any], name: str) -> None:
    """What each attribute is refused for alone is left out, and nothing else; what is left out is reported."""
    settings, dry_run = Settings(memcached_nodes="memory://", dry_run=True, serializer=name), DryRun()
    codec, plain = DryRunCodec(settings, dry_run), SessionCodec(settings)

    payload = codec.encode(attributes)

    refused: set[str] = set()
    for key, value in attributes.items():
        try:
            plain.encode({key: value})
        except SerializationError:
            refused.add(key)
    assert codec.decode_own(payload).keys() == attributes.keys() - refused
    assert codec.kept(attributes).keys() == attributes.keys() - refused
    assert bool(dry_run.report().findings) == bool(refused)


def _finding(path: str) -> Finding:
    return Finding(FindingKind.REFUSED, "", f"a problem of {path[:20]}", None, 1, (path,))
