"""The restricted pickle: it writes no import path of the application and reads none."""

import builtins
import copyreg
import json
import os
import pickle
import pickletools
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from memcached_sessions.serializers import ConverterRegistry, DeserializationError, SerializationError, get_serializer
from memcached_sessions.serializers.fidelity import difference
from memcached_sessions.serializers.testing.sample_classes import Color, Point, sample_registry
from memcached_sessions.serializers.testing.samples import SAMPLES

OURS = "memcached_sessions.serializers.formats.pickle"


@dataclass
class Item:
    sku: str


class Action:
    def __call__(self, *arguments: object) -> object:
        return arguments


@pytest.fixture
def registry() -> ConverterRegistry:
    registry = ConverterRegistry()
    registry.register(Item, tag="shop.Item")
    return registry


def globals_in(payload: bytes) -> set[str]:
    """Return the modules and names that a payload asks for."""
    strings = [argument for opcode, argument, _ in pickletools.genops(payload) if isinstance(argument, str)]
    return {text for text in strings if "." in text or text in vars(builtins)}


def test_a_payload_names_a_tag_and_no_class_of_the_application(registry: ConverterRegistry) -> None:
    payload = get_serializer("pickle", registry=registry).dumps([Item("a")])
    assert globals_in(payload) == {OURS, "shop.Item"}
    assert b"Item" in payload
    assert __name__.encode() not in payload


def test_its_payloads_can_be_read_by_pickle_alone_through_the_default_registry() -> None:
    value = {"path": Path("/a"), "at": datetime.min, "total": Decimal("1.0")}
    assert pickle.loads(get_serializer("pickle").dumps(value)) == value


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "builtins.getattr",
        "builtins.open",
        "copyreg._reconstructor",
        "datetime.datetime.fromisoformat",
        f"{OURS}.DEFAULT",
        f"{OURS}.pickle.loads",
        "__main__.X",
    ],
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_global_beyond_the_table_is_found(name: str, protocol: int) -> None:
    module, _, attribute = name.rpartition(".") if name.count(".") < 2 else name.partition(".")
    if protocol < 4:
        payload = b"c" + f"{module}\n{attribute}\n".encode() + b"."
    else:
        payload = (
            b"\x80\x04"
            + b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, attribute))
            + b"\x93."
        )
    with pytest.raises(DeserializationError, match="which is not allowed"):
        get_serializer("pickle").loads(payload)


WATCHED_READER = """
import json, resource, sys, zoneinfo
from memcached_sessions.serializers import DeserializationError, get_serializer
from memcached_sessions.serializers.damaged import mutations
from memcached_sessions.serializers.testing.hostile import sample_registry, valid_payloads

resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3, 2 * 1024**3))  # damaged pickles may ask for any amount of memory
serializer = get_serializer("pickle", registry=sample_registry())
payloads = list(mutations(valid_payloads(serializer), int(sys.argv[1])))
zoneinfo.reset_tzpath(to=[])
for key in ("Europe/Rome", "No/Where", "No"):  # from the package tzdata, whose machinery is imported here
    try:
        zoneinfo.ZoneInfo(key)
    except zoneinfo.ZoneInfoNotFoundError:
        pass
events = set()
watching = True

def watch(event, arguments):
    if watching:
        events.add((event, str(arguments[0]) if arguments else ""))

sys.addaudithook(watch)
for payload in payloads:
    try:
        serializer.loads(payload)
    except DeserializationError:
        pass
watching = False
print(json.dumps(sorted(events)))
"""
HARMLESS = {
    "import",  # of time zone data, checked below
    "open",  # likewise
    "builtins.id",
    "os.listdir",
    "os.scandir",
    "object.__getattr__",
    "object.__setattr__",
    "sys._getframe",
    "sys.excepthook",  # CPython reports a bytearray that it could not allocate
}


def test_damaged_payloads_find_no_class_and_run_no_code(pytestconfig: pytest.Config) -> None:
    """Python reports every import, call of the system and look-up by pickle to an audit hook (PEP 578)."""
    count = str(pytestconfig.getoption("mutations") // 5)
    process = subprocess.run([sys.executable, "-c", WATCHED_READER, count], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    events = json.loads(process.stdout)
    assert {event for event, _ in events} <= HARMLESS, events
    assert {name for event, name in events if event == "import"} <= {"tzdata", "importlib.resources"}, events
    assert all("tzdata" in name for event, name in events if event == "open"), events


def test_an_object_that_can_be_called_is_neither_written_nor_read(registry: ConverterRegistry) -> None:
    registry.register(Action, tag="shop.Action")
    serializer = get_serializer("pickle", registry=registry)
    with pytest.raises(SerializationError, match="can be called") as caught:
        serializer.dumps({"then": [Action()]})
    assert caught.value.path == "then[0]"
    payload = (
        serializer.dumps(Item("a"))
        .replace(b"shop.Item\x94", b"shop.Action\x94")
        .replace(b"\x8c\x09shop", b"\x8c\x0bshop")
    )
    with pytest.raises(DeserializationError):
        serializer.loads(payload)


@pytest.fixture
def extension() -> Iterator[int]:
    code = 0x7FFF_0001
    copyreg.add_extension("posix", "getcwd", code)
    yield code
    copyreg.remove_extension("posix", "getcwd", code)


def test_the_extension_registry_of_the_application_is_out_of_reach(extension: int) -> None:
    payload = pickle.dumps([os.getcwd], 2)
    pickle.loads(payload)  # pickle now remembers the function and asks nobody
    assert extension.to_bytes(4, "little") in payload
    with pytest.raises(DeserializationError, match=r"opcode .* is not allowed"):
        get_serializer("pickle").loads(payload)


def test_unrestricted_it_writes_and_reads_what_pickle_does() -> None:
    serializer = get_serializer("pickle", unrestricted=True)
    assert serializer.loads(serializer.dumps({"join": os.path.join})) == {"join": os.path.join}
    assert serializer.loads(serializer.dumps(Item("a"))) == Item("a")
    assert get_serializer("pickle", unrestricted=True).capabilities.safe is False


def test_native_and_converted_values_share_one_payload(registry: ConverterRegistry) -> None:
    item = Item("a")
    value = {"first": item, "again": [item], "at": datetime.max, "ids": {1, 2}}
    serializer = get_serializer("pickle", registry=registry)
    assert difference(value, serializer.loads(serializer.dumps(value)), identity=True) is None


def test_every_sample_is_written_without_a_class_of_the_sample_module() -> None:
    serializer = get_serializer("pickle", registry=sample_registry())
    for sample in SAMPLES:
        assert b"sample_classes" not in serializer.dumps(sample.make()), sample


def by_hand(*opcodes: bytes) -> bytes:
    return b"\x80\x04" + b"".join(opcodes) + b"."


def named(attribute: str, module: str = OURS) -> bytes:
    """Return the opcodes that put a global on the stack."""
    return b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, attribute)) + b"\x93"


def text(content: str) -> bytes:
    return b"\x8c" + bytes([len(content)]) + content.encode()


BUILD = b"b"
CALL = b"R"


@pytest.mark.parametrize(
    "payload",
    [
        by_hand(named("lift"), b"(", named("OrderedDict", "collections"), b")}Nt", BUILD),
        by_hand(named("lift"), b"(", named("lift"), b")}Nt", BUILD),
        by_hand(named("create"), b"}", text("_call"), named("lift"), b"s", BUILD),
        by_hand(named("fill"), b"N}", text("_call"), named("lift"), b"s\x86", BUILD),
    ],
    ids=["another call", "itself", "by attribute", "by slot"],
)
def test_no_payload_changes_the_calls_that_others_rely_on(payload: bytes) -> None:
    serializer = get_serializer("pickle", registry=sample_registry())
    good = serializer.dumps([Path("/a"), Point(1)])
    with pytest.raises(DeserializationError, match=r"not allowed|changes a call"):
        serializer.loads(payload)
    assert serializer.loads(good) == [Path("/a"), Point(1)]


def test_no_payload_changes_a_member_of_an_enum() -> None:
    serializer = get_serializer("pickle", registry=sample_registry())
    red = named("lift") + text("testing.Color") + text("red") + b"\x86" + CALL
    assert serializer.loads(by_hand(red)) is Color.RED
    with pytest.raises(DeserializationError, match="opcode b'b'"):
        serializer.loads(by_hand(red, b"}", text("_value_"), text("evil"), b"s", BUILD))
    assert (Color.RED.value, Color.RED.name) == ("red", "RED")


def test_no_payload_sets_attributes_past_the_class(registry: ConverterRegistry) -> None:
    made = named("create") + text("shop.Item") + b"\x85" + CALL
    for state in (b"}" + text("__class__") + named("date", "datetime") + b"s", b"N}" + text("sku") + b"Ns\x86"):
        with pytest.raises(DeserializationError, match="opcode b'b'"):
            get_serializer("pickle", registry=registry).loads(by_hand(made, state, BUILD))


def test_the_search_for_opcodes_cannot_be_led_astray_by_another_spelling(registry: ConverterRegistry) -> None:
    """The name of the calls need not be in the bytes as it is: older opcodes spell strings in other ways."""
    escaped = b"V" + OURS.replace("m", "\\u006d", 1).encode() + b"\n" + b"Vcreate\n" + b"\x93"
    payload = by_hand(escaped, text("shop.Item"), b"\x85", CALL, b"}", BUILD)
    assert OURS.encode() not in payload
    with pytest.raises(DeserializationError, match="is not allowed"):
        get_serializer("pickle", registry=registry).loads(payload)


def test_an_ordered_dict_with_attributes_is_refused_by_its_path() -> None:
    value: Any = OrderedDict(a=1)
    value.note = "x"
    with pytest.raises(SerializationError, match="has attributes") as caught:
        get_serializer("pickle").dumps({"it": [value]})
    assert caught.value.path == "it[0]"


def test_the_applications_own_converter_goes_before_the_native_way(registry: ConverterRegistry) -> None:
    registry.register(Decimal, tag="shop.Decimal", encode=lambda d: str(d * 2), decode=Decimal)
    serializer = get_serializer("pickle", registry=registry)
    assert serializer.loads(serializer.dumps([Decimal(2)])) == [Decimal(4)]


def test_an_instance_in_its_own_plain_data_is_refused(registry: ConverterRegistry) -> None:
    class Own:
        pass

    registry.register(Own, tag="shop.Own", encode=lambda own: [own], decode=list)
    with pytest.raises(SerializationError, match="an instance kept by encode= contains itself"):
        get_serializer("pickle", registry=registry).dumps(Own())
