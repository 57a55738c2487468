"""``memcached-sessions types``: what sessions are made of, from files and from real nodes."""

import json
import os
import pickle
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memcached_process import StartMemcached, node_list

from memcached_sessions import SessionManager
from memcached_sessions.manager.admin.cli import main
from memcached_sessions.manager.admin.sources.found import Found, reason_of
from memcached_sessions.manager.admin.types_output import types_text
from memcached_sessions.manager.admin.types_report import MOST_TRIED, TypesReport, types_report
from memcached_sessions.serializers import ConverterRegistry, DeserializationError, get_serializer

KEY = "0123456789abcdef"
VALUE = "a value of the session"
FOREIGN = (
    b"\x80\x04}(\x8c\x04user\x8c\x16a value of the session\x8c\x04cart\x8c\x0bshop.models\x8c\x04Cart\x93)\x81}"
    b"\x8c\x05items](\x8c\x0bshop.models\x8c\x04Item\x93)\x81\x8c\x0bshop.models\x8c\x04Item\x93)\x81esbu."
)
"""``{"user": ..., "cart": Cart(items=[Item(), Item()])}``, of a module that is nowhere."""

SHOP = """
class Cart: ...
class Item: ...

for cls in (Cart, Item):
    cls.__module__ = "shop.models"

def register_converters(registry):
    registry.register(Cart, tag="shop.Cart")
    registry.register(Item, tag="shop.Item")
"""

DECORATED = """
from memcached_sessions import register

@register(tag="MODULE.Cart")
class Cart: ...

def register_converters(registry): ...
"""

Types = Callable[..., tuple[int, dict[str, Any]]]
"""Runs the command with ``--json``; returns its status and what it prints."""


class Runs:
    """Calls a function when it is read by pickle."""

    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MEMCACHED_SESSIONS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def types(capsys: pytest.CaptureFixture[str]) -> Types:
    """Return what looks at the types of a source."""

    def run(source: object, *arguments: str) -> tuple[int, dict[str, Any]]:
        status = main(["types", str(source), "--json", *arguments])
        printed = capsys.readouterr().out
        document = json.loads(printed)
        assert (document["schema"], document["command"]) == (1, "types")
        assert VALUE not in printed
        return status, document

    return run


def test_sessions_of_every_format_are_looked_at(tmp_path: Path, types: Types) -> None:
    """Types are those of the application, whatever wrote them."""
    session = {"user": VALUE, "price": Decimal("9.90"), "seats": (1, 2)}
    for name in ("json", "msgpack", "cbor", "compact", "pickle"):
        (tmp_path / f"one.{name}").write_bytes(get_serializer(name).dumps(session))

    status, document = types(tmp_path)

    assert (status, document["sessions"], document["unknown"], document["unread"]) == (0, 5, [], [])
    assert {each["type"]: (each["objects"], each["sessions"]) for each in document["types"]} == {
        "dict": (5, 5),
        "str": (20, 5),
        "decimal.Decimal": (5, 5),
        "tuple": (5, 5),
        "int": (10, 5),
    }


def test_each_serializer_is_told_with_what_it_keeps_and_how_large_that_is(tmp_path: Path, types: Types) -> None:
    """Sizes are of the sessions that it keeps, and the first refusal has its place."""
    sessions: list[dict[str, Any]] = [{"text": "x" * size} for size in range(100)]
    for number, session in enumerate(sessions):
        (tmp_path / f"{number:03}.json").write_bytes(get_serializer("json").dumps(session))
    cycle: dict[str, Any] = {"user": VALUE}
    cycle["again"] = [cycle]
    (tmp_path / "cycle.compact").write_bytes(get_serializer("compact").dumps(cycle))

    _, document = types(tmp_path)

    told = {each["serializer"]: each for each in document["serializers"]}
    sizes = sorted(len(get_serializer("json").dumps(session)) for session in sessions)
    assert told["json"] == {
        "serializer": "json",
        "safe": True,
        "kept": 100,
        "median_bytes": sizes[49],
        "p95_bytes": sizes[94],
        "most_bytes": sizes[-1],
        "refusal": told["json"]["refusal"],
    }
    assert told["json"]["refusal"].startswith("again[0]: refers back to the whole value")
    assert (told["compact"]["kept"], told["compact"]["refusal"]) == (101, None)
    assert told["pickle"]["safe"] is False


def test_a_pickle_of_an_application_that_is_not_here_tells_what_to_register(tmp_path: Path, types: Types) -> None:
    """The class, where it is, how often, and its line."""
    for number in range(2):
        (tmp_path / f"{number}.pickle").write_bytes(FOREIGN)

    status, document = types(tmp_path)

    assert (status, document["unread"]) == (1, [])
    assert [
        (each["type"], each["objects"], each["sessions"], each["paths"], each["register"])
        for each in document["unknown"]
    ] == [
        ("shop.models.Cart", 2, 2, ["cart"], 'register(Cart, tag="shop.Cart")'),
        ("shop.models.Item", 4, 2, ["cart.items[0]"], 'register(Item, tag="shop.Item")'),
    ]
    assert "shop" not in sys.modules
    assert {each["kept"] for each in document["serializers"]} == {0}


def test_what_is_registered_meanwhile_is_known(tmp_path: Path, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the command says when the work is done, and how large the sessions are then."""
    (tmp_path / "types_shop.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "one.pickle").write_bytes(FOREIGN)

    status, document = types(tmp_path / "sessions", "--converters", "types_shop:register_converters")

    assert (status, document["unknown"]) == (0, [])
    assert {each["kept"] for each in document["serializers"]} == {1}


@pytest.mark.parametrize("named", ["{module}", "{module}:register_converters"])
def test_classes_under_the_decorator_are_known(
    named: str, tmp_path: Path, types: Types, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """They are in the default registry, once their module was imported, alone or for a function in it."""
    module = f"decorated_shop_{request.node.callspec.indices['named']}"
    (tmp_path / f"{module}.py").write_text(DECORATED.replace("MODULE", module))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "one.json").write_bytes(f'{{"cart":{{"${module}.Cart":{{}}}}}}'.encode())

    status, document = types(tmp_path / "sessions", "--converters", named.format(module=module))

    assert (status, document["unread"], document["unknown"]) == (0, [], [])
    assert f"{module}.Cart" in {each["type"] for each in document["types"]}


def test_a_hostile_pickle_runs_nothing(tmp_path: Path, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what it names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.pickle").write_bytes(pickle.dumps({"a": Runs()}))

    status, document = types(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["one.pickle"]
    assert (status, document["unknown"][0]["type"]) == (1, f"{os.system.__module__}.system")


def test_a_class_whose_tag_is_not_registered_is_told_by_the_reason(tmp_path: Path, types: Types) -> None:
    """Such a session cannot be read, and something is unknown."""
    (tmp_path / "one.json").write_bytes(b'{"cart":{"$shop.Cart":{}}}')
    (tmp_path / "other.json").write_bytes(b'{"a":1}')

    status, document = types(tmp_path)

    (unread,) = document["unread"]
    assert (status, unread["sessions"], unread["example"]) == (1, 1, "one.json")
    assert "'shop.Cart'" in unread["reason"]
    assert "--converters" in unread["reason"]


def test_a_tag_of_a_library_that_is_not_imported_is_told_by_the_reason() -> None:
    """`session-bench` imports none; it says what to do."""
    registry = ConverterRegistry()
    registry.when_imported("no_such_library.models", print)
    found = Found(total=1)

    with pytest.raises(DeserializationError) as refused:
        get_serializer("json", registry).loads(b'{"a":{"$no_such_library.Model":1}}')
    found.pass_over(reason_of("json cannot read it", refused.value))

    assert list(found.unread) == [
        (
            "json cannot read it: the tag 'no_such_library.Model' is of the converters for no_such_library: "
            "no_such_library is not installed here: pip install no_such_library"
        )
    ]
    assert found.lacks_classes


def test_a_tag_of_a_library_that_is_installed_asks_for_its_import() -> None:
    """To say that it be installed would send the user away."""
    said = "the tag 'wsgiref.Model' is of the converters for wsgiref, which wait"

    assert reason_of("json cannot read it", ValueError(said)).endswith(
        "for wsgiref: name a function that imports it, by --converters"
    )


def test_what_is_no_session_is_counted_and_is_no_reason_to_fail(tmp_path: Path, types: Types) -> None:
    """A folder may hold other files."""
    (tmp_path / "one.json").write_bytes(b'{"a":1}')
    (tmp_path / "cut.pickle").write_bytes(FOREIGN[:40])
    (tmp_path / "notes.txt").write_bytes(b"")

    status, document = types(tmp_path)

    assert (status, document["total"], document["sessions"]) == (0, 3, 1)
    assert {each["example"] for each in document["unread"]} == {"cut.pickle", "notes.txt"}


def test_live_sessions_are_looked_at_without_a_change(
    start_memcached: StartMemcached, tmp_path: Path, types: Types
) -> None:
    """Of a manager that signs, by its settings in a file; nothing is stored or touched."""
    nodes = [start_memcached() for _ in range(2)]
    options = {"serializer": "json", "storage_key_prefix": "shop:", "signing_keys": (KEY,)}
    with SessionManager(node_list(nodes), **options) as manager:
        for number in range(5):
            with manager.request(None) as session:
                session["user"], session["price"] = VALUE, Decimal(number)
    config = tmp_path / "sessions.toml"
    config.write_text(
        f'[memcached-sessions]\nmemcached_nodes = "{node_list(nodes)}"\nserializer = "json"\n'
        f'storage_key_prefix = "shop:"\nsigning_keys = ["{KEY}"]\n'
    )
    before = [node.statistics() for node in nodes]

    status, document = types("memcached://", "--config", str(config))
    _, named = types(f"memcached://{','.join(f'127.0.0.1:{node.port}' for node in nodes)}", "--config", str(config))

    assert (status, document["sessions"], document["unread"], document["unknown"]) == (0, 5, [], [])
    assert {each["type"] for each in document["types"]} == {"dict", "str", "decimal.Decimal"}
    assert named["types"] == document["types"]
    for node, was in zip(nodes, before, strict=True):
        now = node.statistics()
        assert {name: now[name] for name in ("cmd_set", "cmd_touch", "curr_items")} == {
            name: was[name] for name in ("cmd_set", "cmd_touch", "curr_items")
        }


def test_a_silent_node_is_counted_once(start_memcached: StartMemcached, types: Types) -> None:
    """Although it is asked for its keys, and for what is under those of others."""
    node = start_memcached()
    with SessionManager(f"127.0.0.1:{node.port}") as manager, manager.request(None) as session:
        session["user"] = VALUE

    _, document = types(f"memcached://127.0.0.1:{node.port},127.0.0.1:1")

    (unread,) = document["unread"]
    assert (document["sessions"], unread["reason"], unread["sessions"]) == (1, "a node did not answer", 1)


def test_signed_sessions_ask_for_the_settings_of_the_application(start_memcached: StartMemcached, types: Types) -> None:
    """Where others can be read without, and no error says so."""
    node = start_memcached()
    for keys in ((), (KEY,)):
        with SessionManager(f"127.0.0.1:{node.port}", signing_keys=keys) as manager, manager.request(None) as session:
            session["user"] = VALUE

    _, document = types(f"memcached://127.0.0.1:{node.port}")

    (unread,) = document["unread"]
    assert (document["sessions"], unread["sessions"]) == (1, 1)
    assert unread["reason"] == (
        "it is signed, and signing_keys is empty here: --config FILE.toml names the application's settings"
    )


def test_a_sample_is_taken_of_many(tmp_path: Path, types: Types) -> None:
    """As many as are asked for."""
    for number in range(20):
        (tmp_path / f"{number}.json").write_bytes(b'{"a":1}')

    _, document = types(tmp_path, "--limit", "7")

    assert (document["sessions"], document["total"]) == (7, 20)


def test_the_text_says_what_the_json_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In tables, and below them what is to be done."""
    (tmp_path / "one.pickle").write_bytes(FOREIGN)
    (tmp_path / "notes.txt").write_bytes(b"")

    status = main(["types", str(tmp_path)])

    lines = capsys.readouterr().out.split("\n")
    assert status == 1
    assert lines[0] == "1 sessions looked at, of 2 found"
    assert lines[1].startswith("1 not read: its name ends with none of")
    assert any(line.split() == ["shop.models.Item", "2", "1"] for line in lines)
    assert any(line.split()[:4] == ["json", "0", "of", "1"] and "cart: shop.models.Cart is" in line for line in lines)
    at = lines.index("shop.models.Item: 2 in 1 of 1 sessions")
    assert lines[at + 1 : at + 3] == ["  at cart.items[0]", '  register(Item, tag="shop.Item")']
    assert VALUE not in "\n".join(lines)


def test_the_text_says_when_nothing_is_left_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In its last line."""
    (tmp_path / "one.json").write_bytes(b'{"a":1}')

    assert main(["types", str(tmp_path)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("everything that was read can be kept, by cbor, compact, ")


def test_what_no_serializer_keeps_is_not_called_kept() -> None:
    """Although each class in it is registered."""
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    found = Found(total=1)
    found.add({"deep": deep})

    report = types_report(found, ConverterRegistry())

    assert (report.unknown, report.all_kept) == ((), False)
    assert types_text(report)[-1] == "no serializer keeps all that was read: what each refuses first is above"


def test_classes_that_are_lacking_are_said_in_the_last_line() -> None:
    """Beside what keeps the rest."""
    found = Found(total=2)
    found.add({"a": 1})
    found.pass_over("no class is registered under the tag 'shop.Cart'")

    report = types_report(found, ConverterRegistry())

    assert not report.all_kept
    assert types_text(report)[-1].endswith("; what was not read needs classes that are not registered here")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere is no folder"),
        (["memcached://"], "no nodes: give --nodes, --config"),
        (["memcache://127.0.0.1:11211"], "memcache:// is nothing that sessions are read from: give memcached://"),
        (["memcached://user@host:1"], "give the rest in a file, by --config"),
        (["memcached://127.0.0.1:1"], "no session on the nodes can be read"),
        (["nowhere", "--converters", "shop"], "--converters: 'shop' is no module that can be imported"),
        (["nowhere", "--converters", "no_such_module:register"], "PYTHONPATH"),
        (["nowhere", "--limit", "0"], "'0' is no number above 0"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """With the option, and status 2."""
    monkeypatch.chdir(tmp_path)
    try:
        status: Any = main(["types", *arguments])
    except SystemExit as ended:
        status = ended.code

    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    assert words in printed.err


def test_a_hostile_name_cannot_reach_the_terminal() -> None:
    """Keys are anybody's, and so are the names of files."""
    found = Found(total=1)
    found.add({"\x1b]0;owned\x07": print, "a" * 5_000: print})
    found.pass_over("no reason", "\x1b[31m\n")

    lines = types_text(types_report(found, ConverterRegistry()))

    assert all(line.isprintable() for line in lines)
    assert max(len(line) for line in lines) < 1_000


def test_a_report_of_very_many_types_is_cut() -> None:
    """JSON has them all."""
    classes = [type(f"Class{number}", (), {"__module__": "shop"}) for number in range(150)]
    found = Found(total=1)
    found.add({"all": [cls() for cls in classes]})

    report: TypesReport = types_report(found, ConverterRegistry())

    assert len(report.types) == 153
    assert "and 53 types more, which --json lists" in types_text(report)


def test_a_serializer_that_fails_in_its_own_way_does_not_tell_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says may quote one."""

    def fail(*_: object) -> bytes:
        raise KeyError(VALUE)

    monkeypatch.setattr("memcached_sessions.serializers.formats.pickle.PickleSerializer.dumps", fail)
    found = Found(total=1)
    found.add({"user": VALUE})

    told = {each.serializer: each for each in types_report(found, ConverterRegistry()).serializers}

    assert (told["pickle"].kept, told["pickle"].refusal) == (0, "it cannot be written: KeyError")


@pytest.mark.parametrize("kind", ["lists", "tuples", "frozensets", "text"])
def test_what_stands_for_more_than_can_be_written_is_not_tried(kind: str) -> None:
    """A few references to references are more than there is memory for."""
    shared: Any = "x" * 1_000_000 if kind == "text" else (1,)
    for number in range(60):
        if kind == "frozensets":
            shared = frozenset([shared, number])
            shared = frozenset([shared, (shared, number)])
        else:
            shared = (shared, shared) if kind == "tuples" else [shared, shared]
    found = Found()
    found.add({"laughs": shared})
    found.add({"user": 7})

    report = types_report(found, ConverterRegistry())

    assert report.sessions == 2
    assert {(each.kept, each.refusal) for each in report.serializers} == {
        (1, f"too large to be tried: it stands for over {MOST_TRIED:,} values")
    }


def test_a_session_that_refers_to_itself_is_tried_all_the_same() -> None:
    """Some serializers keep it."""
    cycle: dict[str, Any] = {"many": list(range(1_000))}
    cycle["again"] = [cycle]
    found = Found()
    found.add(cycle)

    told = {each.serializer: each.kept for each in types_report(found, ConverterRegistry()).serializers}

    assert (told["json"], told["compact"], told["pickle"]) == (0, 1, 1)


def test_serializers_share_the_time_that_one_session_may_take() -> None:
    """Those that would begin too late do not; with the next session it begins anew."""
    found = Found()
    found.add({"user": 7})

    (refusal,) = {each.refusal for each in types_report(found, ConverterRegistry(), most_seconds=-1).serializers}

    assert refusal is not None
    assert refusal.startswith("too large to be tried: the serializers before took over")
