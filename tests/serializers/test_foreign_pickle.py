"""Pickles of other applications: read without importing or running anything of theirs."""

import copyreg
import os
import pickle
import subprocess
import sys
from collections import OrderedDict, deque
from datetime import UTC, datetime, time
from decimal import Decimal
from fractions import Fraction
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcached_sessions.serializers import (
    ConverterRegistry,
    DeserializationError,
    SerializationError,
    available_serializers,
    get_serializer,
)
from memcached_sessions.serializers.formats import foreign_pickle
from memcached_sessions.serializers.formats.foreign_pickle import PickleReader
from memcached_sessions.serializers.stand_in_converters import StandInConverters
from memcached_sessions.serializers.stand_ins import StandIn, stand_in_class
from memcached_sessions.serializers.survey import survey

SHOP = """
import enum, pickle, sys
from collections import namedtuple
from types import ModuleType

models = ModuleType("shop.models")
sys.modules |= {"shop": ModuleType("shop"), "shop.models": models}

class Item:
    def __init__(self, name): self.name = name
class Slotted:
    __slots__ = ("item",)
class Tags(list): pass
class Cookies(dict): pass
class Ids(set): pass
class Colour(enum.Enum): RED = "red"
class Permission(enum.Flag): READ = 1
Size = namedtuple("Size", "width height")
class Cart:
    class Line:
        pass
    def __init__(self, *items): self.items = items

for each in (Item, Slotted, Tags, Cookies, Ids, Colour, Permission, Size, Cart):
    each.__module__ = "shop.models"
    setattr(models, each.__name__, each)
Cart.Line.__module__ = "shop.models"

protocol = int(sys.argv[1])
slotted = Slotted() if protocol > 1 else Item(None)  # which keep no slots
setattr(slotted, "item", Item("secret"))
line = Cart.Line()
line.cart = cart = Cart([Item("tea"), slotted], line)
tags, cookies = Tags(["a", Item("b")]), Cookies(a=Item("c"))
tags.owner = cart
session = {
    "cart": cart, "tags": tags, "cookies": cookies, "ids": Ids([1]), "colour": Colour.RED,
    "may": Permission.READ, "size": Size(1, Colour.RED),
}
sys.stdout.buffer.write(pickle.dumps(session, protocol))
"""
"""Prints a pickle of objects of a module that is nowhere but in its own process."""

STANDARD = {
    "id": UUID(int=7),
    "file": PurePosixPath("a/b"),
    "share": Fraction(1, 3),
    "address": ip_address("10.0.0.1"),
    "zone": datetime(2026, 11, 25, tzinfo=ZoneInfo("Europe/Berlin")),
    "hour": time(1, tzinfo=ZoneInfo("UTC")),
}
PLAIN = {
    "price": Decimal("9.90"),
    "day": datetime(2026, 11, 25, tzinfo=UTC),
    "order": OrderedDict(a=1),
    "last": deque([1, 2], 5),
    "bytes": (b"", b"a\xff", bytearray(), bytearray(b"\xff")),
    "sets": ({1}, set(), frozenset({2})),
    "number": (1.5, 2j, 10**30, range(3)),
}


class Runs:
    """Calls something of this process when it is read."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self._call = call, arguments

    def __reduce__(self) -> Any:
        return self._call


@pytest.fixture(scope="module", params=[0, 2, 5])
def of_a_shop(request: pytest.FixtureRequest) -> bytes:
    """A pickle of an application that is not here."""
    command = [sys.executable, "-c", SHOP, str(request.param)]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_objects_of_an_application_that_is_not_here_are_found_by_class_and_place(of_a_shop: bytes) -> None:
    """With what they hold, in every protocol."""
    session = PickleReader(ConverterRegistry()).loads(of_a_shop)

    findings = survey(session, StandInConverters()).findings

    assert "shop" not in sys.modules
    assert {finding.type.removeprefix("shop.models."): finding.paths[0] for finding in findings} == {
        "Cart": "cart",
        "Item": "cart.items[0][0]",
        **({"Slotted": "cart.items[0][1]"} if "Slotted" in str(of_a_shop) else {}),
        "Cart.Line": "cart.items[1]",
        "Tags": "tags",
        "Cookies": "cookies",
        "Ids": "ids",
        "Colour": "colour",
        "Permission": "may",
        "Size": "size",
    }
    items = next(finding for finding in findings if finding.type == "shop.models.Item")
    assert items.register == 'register(Item, tag="shop.Item")'
    assert items.count == 4 + ("Slotted" not in str(of_a_shop))
    assert "cart.items[0][1].item" in items.paths


def test_what_extends_a_list_or_dict_is_to_be_registered_by_hand(of_a_shop: bytes) -> None:
    """As for a class that is here; known from what the pickle puts into it."""
    session = PickleReader(ConverterRegistry()).loads(of_a_shop)

    lines = {finding.register for finding in survey(session, StandInConverters()).findings}

    assert 'register(Tags, tag="shop.Tags", encode=..., decode=...)' in lines
    assert 'register(Cookies, tag="shop.Cookies", encode=..., decode=...)' in lines


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_pickle_keeps_itself_is_read_as_it_is(protocol: int) -> None:
    """The types of the standard library that are written in C."""
    read = PickleReader(ConverterRegistry()).loads(pickle.dumps({**PLAIN, "other": Runs(UUID, "0" * 32)}, protocol))

    assert type(read.pop("other")).__name__ == "UUID"
    assert repr(read) == repr(PLAIN)


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("name", ["json", "msgpack", "cbor", "compact", "pickle"])
def test_classes_that_are_registered_here_are_written_by_every_serializer(name: str, protocol: int) -> None:
    """Those of the standard library are: so the size of such a session can be told."""
    registry = StandInConverters()
    session = PickleReader(registry).loads(pickle.dumps(STANDARD, protocol))

    assert survey(session, registry).findings == ()
    size, real = (len(get_serializer(name, registry).dumps(value)) for value in (session, STANDARD))
    assert abs(size - real) < real / 4


def test_a_class_that_the_application_has_registered_is_known_by_its_name() -> None:
    """Although the class itself is not touched."""

    class Cart:
        def __init__(self) -> None:
            raise AssertionError("its code has run")

    Cart.__module__, Cart.__qualname__ = "shop.models", "Cart"
    registry = StandInConverters()
    registry.register(Cart, tag="shop.Cart")
    session = PickleReader(registry).loads(
        b"\x80\x02}X\x04\x00\x00\x00cartcshop.models\nCart\n)\x81}X\x01\x00\x00\x00aK\x01sbs."
    )

    assert survey(session, registry).findings == ()
    assert get_serializer("json", registry).dumps(session) == b'{"cart":{"$shop.Cart":{"a":1}}}'


WITHOUT_ITS_LIBRARY = """
import sys
from memcached_sessions.serializers import get_serializer
from memcached_sessions.serializers.formats.foreign_pickle import PickleReader
from memcached_sessions.serializers.stand_in_converters import StandInConverters
from memcached_sessions.serializers.survey import survey

registry = StandInConverters()
foreign = PickleReader(registry).loads(b"cmarkupsafe\\nMarkup\\n(Vtext\\ntR.")
assert "markupsafe" not in sys.modules
assert survey(foreign, registry).findings == ()
assert "markupsafe" in sys.modules
plain = get_serializer("json", StandInConverters()).loads(
    b'{"$bson.ObjectId":{"$bytes":"ASNFZ4mrze8BI0Vn"}}')
print(type(foreign).__name__, type(plain).__name__)
"""


def test_a_library_that_has_converters_is_imported_when_it_is_met() -> None:
    """By class or by tag: in the application it would have been there."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_ITS_LIBRARY], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("Markup ObjectId\n", "")


def test_a_library_that_is_not_installed_leaves_its_classes_unknown() -> None:
    """They are told like any other."""
    registry = StandInConverters(installed=False)
    registry.when_imported("no_such_library.models", print)
    stand_ins = [stand_in_class("no_such_library", "Model")(), stand_in_class("other", "Model")()]

    assert [finding.type for finding in survey(stand_ins, registry).findings] == [
        "no_such_library.Model",
        "other.Model",
    ]
    with pytest.raises(DeserializationError, match="converters for no_such_library"):
        registry.converter_of("no_such_library.Model")


def test_our_own_pickles_are_read_as_ever() -> None:
    """They name tags, which are registered here or not."""
    own = get_serializer("pickle")
    data = own.dumps(STANDARD)

    assert PickleReader(ConverterRegistry()).loads(data) == STANDARD
    with pytest.raises(DeserializationError, match="no class is registered under the tag 'uuid'"):
        PickleReader(ConverterRegistry(installed=False)).loads(data)


HOSTILE = {
    "runs a command": Runs(os.system, "touch ran"),
    "evaluates": Runs(eval, "open('ran', 'w')"),
    "opens": Runs(open, "ran", "w"),
    "imports": Runs(__import__, "antigravity"),
    "digs": Runs(getattr, os, "system"),
    "maps": Runs(map, os.system, ["touch ran"]),
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_pickle_runs_nothing(
    what: str, protocol: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it names is told at most."""
    monkeypatch.chdir(tmp_path)
    try:
        data = pickle.dumps({"a": HOSTILE[what]}, protocol)
    except TypeError:
        data = b"\x80\x04}\x8c\x01aC\x00\x8c\x02os\x8c\x06system\x93\x8c\x09touch ran\x85Rs."  # a module has no pickle

    try:
        session = PickleReader(ConverterRegistry()).loads(data)
    except DeserializationError:
        session = None
    survey(session, StandInConverters())

    assert not list(tmp_path.iterdir())
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    ("pickled", "words"),
    [
        (b"\x80\x04\x8c\x08builtins\x8c\x09bytearray\x93J\xff\xff\xff\x7f\x85R.", "a bytes is expected"),
        (b"cbuiltins\nset\n(cbuiltins\nrange\n(J\xff\xff\xff\x7ftRtR.", "a list is expected"),
        (b"\x80\x04\x8c\x05a b()\x8c\x01c\x93.", "no class can be called"),
        (b"\x80\x04\x8c\x08builtins\x8c\x03set\x93}b.", "changes a call"),
        (b"\x80\x04\x8c\x04shop\x8c\x04Cart\x93N}\x8c\x01aK\x01s\x86b.", "not a pickle"),
        (b"\x80\x04\x8c\x04shop\x8c\x04Cart\x93K\x01a.", "not a pickle"),
        (b"\x80\x04\x8c\x07copyreg\x8c\x0a__newobj__\x93\x8c\x08builtins\x8c\x07complex\x93\x85R.", "no class of an"),
        (b"\x80\x04\x8c\x05_code", "not a pickle"),
        (b"", "not a pickle"),
    ],
)  # fmt: skip
def test_what_a_pickle_may_not_do_is_refused(pickled: bytes, words: str) -> None:
    """Cost more memory than the file has, change what is here, or be none."""
    with pytest.raises(DeserializationError, match=words):
        PickleReader(ConverterRegistry()).loads(pickled)


def test_extension_codes_of_this_process_mean_nothing_in_a_file() -> None:
    """Pickle keeps a cache of them, and asks nobody."""
    copyreg.add_extension("os", "system", 240)
    try:
        data = pickle.dumps({"a": Runs(os.system, "exit 7")}, 2).replace(b"cposix\nsystem\n", b"\x82\xf0")
        with pytest.raises(DeserializationError, match="extension codes"):
            PickleReader(ConverterRegistry()).loads(data)
    finally:
        copyreg.remove_extension("os", "system", 240)


def test_tuples_too_deep_to_be_hashed_are_refused() -> None:
    """Python would end at the key of such a dict, and not with an exception. A text may hold any letters."""
    reader = PickleReader(ConverterRegistry())
    deep = b"\x80\x04})" + b"\x85" * 200_000 + b"Ns."
    text = pickle.dumps("t" * (foreign_pickle.MOST_TUPLES + 1))

    with pytest.raises(DeserializationError, match="more than 50000 tuples"):
        reader.loads(deep)
    assert len(reader.loads(text)) == foreign_pickle.MOST_TUPLES + 1


def test_how_many_classes_are_named_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs far more than the bytes that name it."""
    monkeypatch.setattr(foreign_pickle, "MOST_CLASSES", 3)
    reader = PickleReader(ConverterRegistry())
    for name in b"ABC":
        assert issubclass(reader.loads(b"cshop\n%c\n." % name), StandIn)

    with pytest.raises(DeserializationError, match="more than 3 classes"):
        reader.loads(b"cshop\nD\n.")


PIECES = [
    *(bytes([code]) for code in b"()]}.0126:;=KNRabelqstu|\x80\x81\x85\x86\x87\x93\x94"),
    b"cshop\nCart\n",
    b"cbuiltins\nset\n",
    b"ccopyreg\n_reconstructor\n",
    b"cdecimal\nDecimal\n",
    b"\x8c\x011",
    b"K\x07",
]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_any_bytes_end_in_a_value_or_in_an_error(pieces: list[bytes]) -> None:
    """Whatever it makes can be looked at."""
    try:
        value = PickleReader(ConverterRegistry()).loads(b"".join(pieces))
    except DeserializationError:
        return
    survey(value, StandInConverters())


def test_nothing_is_made_of_what_was_written_for_a_stand_in() -> None:
    """It is about what the class would write, and good for its size alone."""
    registry = StandInConverters()
    made = PickleReader(registry).loads(pickle.dumps(UUID(int=7)))

    converter = registry.converter_for(type(made))

    assert converter is not None
    with pytest.raises(DeserializationError, match="stand-in"):
        converter.decode(converter.encode(made))
    with pytest.raises(SerializationError, match="type is not registered"):
        get_serializer("json", registry).dumps(type(made))
    assert "json" in available_serializers()
