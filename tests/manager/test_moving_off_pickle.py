"""What docs/moving-off-pickle.md shows goes from pickle to another serializer, and nobody is logged out."""

import pickle
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from memcached_process import MemcachedProcess, StartMemcached, node_list

from memcached_sessions import SessionManager
from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError, get_serializer

PAGE = Path(__file__).parents[2] / "docs" / "moving-off-pickle.md"
KEY = "the key that you have had for pickle"


def example(name: str, **given: Any) -> dict[str, Any]:
    """Run the Python of the page that begins with the name of a file, and return its names."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (block,) = (block for block in blocks if block.startswith(f"# {name}\n"))
    names: dict[str, Any] = {"__name__": name.removesuffix(".py"), **given}
    exec(block, names)  # noqa: S102 - of our own page
    return names


@pytest.fixture
def nodes(start_memcached: StartMemcached) -> list[MemcachedProcess]:
    """The two nodes of the examples."""
    return [start_memcached(), start_memcached()]


@pytest.fixture
def on_nodes(nodes: list[MemcachedProcess], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], SessionManager]:
    """Return what runs an example that makes a manager, with nodes that are there."""

    def run(name: str) -> SessionManager:
        make = SessionManager

        def made(addresses: str, **settings: Any) -> SessionManager:
            assert addresses == "n1:10.0.0.1:11211 n2:10.0.0.2:11211"
            return make(node_list(nodes), **settings)

        monkeypatch.setattr("memcached_sessions.SessionManager", made)
        return example(name)["manager"]

    return run


def test_sessions_move_from_pickle_while_they_are_used(
    nodes: list[MemcachedProcess], on_nodes: Callable[[str], SessionManager]
) -> None:
    """Before, in between and afterwards; processes of before and in between run side by side."""
    pickles_read = example("watching.py")["pickles_read"]
    with (
        SessionManager(node_list(nodes), serializer="pickle", signing_keys=[KEY]) as before,
        on_nodes("settings_in_between.py") as between,
    ):
        with before.request(None) as session:
            session["seats"] = (3, 4)
        with before.request(None) as unchanged:
            unchanged["seats"] = (5, 6)
        assert pickles_read(between) == 0
        with between.request(session.id) as session:
            assert session["seats"] == (3, 4)
            session["moved"] = {1}
        assert pickles_read(between) == 1
        with before.request(session.id) as session:
            assert session["moved"] == {1}
        with between.request(unchanged.id) as unchanged:
            assert unchanged["seats"] == (5, 6)
    with on_nodes("settings_afterwards.py") as afterwards:
        with afterwards.request(session.id) as session:
            assert session["seats"] == (3, 4)
        with afterwards.request(unchanged.id) as unchanged:
            assert not unchanged


def test_files_for_the_command_hold_the_sessions(tmp_path: Path) -> None:
    """Each of them."""
    sessions = [{"user": 7}, {"cart": [1]}]
    example("dump_sessions.py")["dump"](sessions, tmp_path / "dumps")
    files = sorted((tmp_path / "dumps").iterdir())
    assert [pickle.loads(file.read_bytes()) for file in files] == sessions
    assert {file.suffix for file in files} == {".pickle"}


def test_the_test_of_the_page_finds_what_cannot_be_kept() -> None:
    """By its place."""
    assert_kept = example("test_sessions.py")["assert_kept"]
    assert_kept({"user": 7, "seats": (1, 2)})
    with pytest.raises(SerializationError, match=r"^cart\[0\]: "):
        assert_kept({"cart": [Counter("aab")]})


@pytest.mark.parametrize("name", ["json", "msgpack", "cbor", "compact", "pickle"])
def test_the_counter_of_the_page_is_kept(name: str) -> None:
    """And no other dict is taken for one."""
    registry = ConverterRegistry()
    example("shop_sessions.py")["register_converters"](registry)
    serializer = get_serializer(name, registry=registry)
    loaded: Any = serializer.loads(serializer.dumps({"words": Counter("aab")}))
    assert type(loaded["words"]) is Counter
    assert loaded["words"] == Counter("aab")
    with pytest.raises(DeserializationError, match="dict of whole numbers"):
        registry.lift("shop.Counter", {"a": "b"})


def test_an_order_is_remembered_by_its_key() -> None:
    """What comes back is the row as it is now."""
    orm = pytest.importorskip("sqlalchemy.orm")
    sqlalchemy = pytest.importorskip("sqlalchemy")
    table = orm.registry()

    @table.mapped
    class Order:
        __tablename__ = "orders"
        id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
        price = sqlalchemy.Column(sqlalchemy.Integer)

    names = example("orders.py", Order=Order)
    engine = sqlalchemy.create_engine("sqlite://")
    table.metadata.create_all(engine)
    session: dict[str, Any] = {}
    with orm.Session(engine) as database:
        assert names["remembered"](session, database) is None
        order = Order(price=990)
        database.add(order)
        database.commit()
        names["remember"](session, order)
        order.price = 1090
        database.commit()
        with pytest.raises(SerializationError, match="Order is not registered"):
            get_serializer("compact").dumps({"order": order})
    with orm.Session(engine) as database:
        assert names["remembered"](session, database).price == 1090
        database.delete(database.get(Order, session["order_id"]))
        database.commit()
        assert names["remembered"](session, database) is None
    engine.dispose()
