"""The grid of hostile input: what harms somebody is seen to, and what is refused is refused for the right reason."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest

from memcached_sessions.bench.hostile import bombs
from memcached_sessions.bench.hostile.asking import Pair
from memcached_sessions.bench.hostile.attacks import ATTACKS
from memcached_sessions.bench.hostile.code import code
from memcached_sessions.bench.hostile.grid import hostile_grid
from memcached_sessions.bench.references import reference_infos
from memcached_sessions.bench.result import Defence, HostileCell
from memcached_sessions.serializers import ConverterRegistry, Serializer, available_serializers, get_serializer

Grid = dict[tuple[str, str], HostileCell]

PLUGIN = """
import time
from memcached_sessions.serializers import Capabilities, DeserializationError, get_serializer
HELD = []
class Odd:
    name = "odd"
    capabilities = Capabilities(safe=True)
    def __init__(self, *, registry):
        self.json = get_serializer("json", registry)
    def dumps(self, value, /): return self.json.dumps(value)
    def loads(self, data, /):
        {loads}
        return self.json.loads(data)
"""


@pytest.fixture(scope="module")
def grid() -> Grid:
    """Return the cells of our serializers and of pickle alone."""
    infos = [*available_serializers().values(), reference_infos()["bare-pickle"]]
    cells = hostile_grid(infos, mutations=200)
    return {(cell.label, cell.attack): cell for cell in cells}


@pytest.fixture
def odd(install):
    """Return a function that has a serializer attacked that does something odd when it reads."""

    def attacked(loads: str) -> dict[str, HostileCell]:
        entry_point = "[memcached_sessions.serializers]\nodd = plugin_odd:Odd\n"
        install("plugin_odd", PLUGIN.format(loads=loads), entry_point)
        return {cell.attack: cell for cell in hostile_grid([available_serializers()["odd"]], mutations=20)}

    return attacked


def test_every_row_is_attacked_in_every_way(grid: Grid) -> None:
    """In the order of the attacks, with payloads."""
    assert [attack for label, attack in grid if label == "json"] == [attack.name for attack in ATTACKS]
    assert all(cell.payloads > 0 for cell in grid.values())
    assert {cell.payloads for (_, attack), cell in grid.items() if attack == "bit flips"} == {200}


def test_pickle_alone_runs_code_and_takes_time_and_memory(grid: Grid) -> None:
    """All that it is known for."""
    assert grid["bare-pickle", "code execution"].defence is Defence.CODE
    assert grid["bare-pickle", "memory bombs"].defence is Defence.MEMORY
    assert grid["bare-pickle", "reference expansion"].defence is Defence.TIME
    assert grid["bare-pickle", "hash flooding"].defence is Defence.TIME


def test_fory_runs_no_code_and_is_not_safe(grid: Grid) -> None:
    """As it says: it does not bound how many keys share a hash."""
    assert grid["fory", "code execution"].defence is Defence.REFUSED
    assert grid["fory", "hash flooding"].defence is Defence.TIME


def test_restricted_pickle_runs_no_code_and_is_not_safe(grid: Grid) -> None:
    """Every payload that names code is refused; memory and time it does not bound, nor claim to."""
    assert grid["pickle", "code execution"].defence is Defence.REFUSED
    assert grid["pickle", "memory bombs"].defence is Defence.MEMORY
    assert grid["pickle", "hash flooding"].defence is Defence.TIME


def test_what_claims_to_be_safe_refuses_or_reads(grid: Grid) -> None:
    """Within the limits, and with no other error."""
    safe = [info for info in available_serializers().values() if info.capabilities and info.capabilities.safe]
    labels = [label for info in safe for label in info.variants]

    assert {"cbor", "compact", "compact-python", "json", "msgpack", "msgspec", "msgspec-json", "ormsgpack"} <= set(
        labels
    )
    for label in labels:
        for attack in ATTACKS:
            cell = grid[label, attack.name]
            assert cell.defence in (Defence.REFUSED, Defence.READ), cell


def test_the_time_and_the_memory_of_a_payload_are_told(grid: Grid) -> None:
    """The longest, and the most."""
    cell = grid["bare-pickle", "memory bombs"]

    assert cell.seconds is not None
    assert cell.seconds > 0
    assert cell.memory is not None
    assert cell.memory > 128 << 20
    assert "payload" in cell.detail


@pytest.mark.parametrize(
    ("loads", "attack", "defence", "said"),
    [
        ("if data[:2] == b'[[': raise KeyError('a')", "depth", Defence.OTHER_ERROR, "KeyError: 'a' (payload 5b5b"),
        ("if data[:2] == b'[[': HELD.append(b'x' * (200 << 20))", "depth", Defence.MEMORY, "MiB (payload 5b5b"),
        ("if data[:2] == b'[[': HELD.append(bytes(1 << 33))", "depth", Defence.MEMORY, "MemoryError"),
        ("while data[:3] == b'[[[': pass", "depth", Defence.TIME, "it did not end within 1 s"),
        ("if b'import os; os' in data: exec(data.decode())", "code execution", Defence.CODE, "made the folder"),
        (
            "if data[:6] == b'import': exec(data); __import__('os').abort()",
            "code execution",
            Defence.CODE,
            "made the folder that the bytes named, and then its process ended",
        ),
    ],
)
def test_what_a_reader_does_is_told_apart(odd, loads: str, attack: str, defence: Defence, said: str) -> None:
    """By the worst of the payloads, with what happened and which it was."""
    cell = odd(loads)[attack]

    assert cell.defence is defence
    assert said in cell.detail


def test_a_serializer_that_writes_nothing_has_no_bytes_to_damage(install) -> None:
    """All other attacks are made, for they need none of its payloads."""
    source = PLUGIN.format(loads="pass").replace("return self.json.dumps(value)", "raise ValueError")
    install("plugin_odd", source, "[memcached_sessions.serializers]\nodd = plugin_odd:Odd\n")

    cells = {cell.attack: cell for cell in hostile_grid([available_serializers()["odd"]], mutations=20)}

    damaged = [cells["truncation"], cells["bit flips"]]
    assert {cell.defence for cell in damaged} == {Defence.NOT_APPLICABLE}
    assert cells["depth"].defence is Defence.REFUSED


def test_every_expression_makes_a_folder_if_somebody_evaluates_it(tmp_path: Path) -> None:
    """An attack that can harm nobody would show nothing."""
    expressions = [data for data in code(str(tmp_path)) if data.lstrip(b"[{'cart: ").startswith(b"__import__")]

    for expression in expressions:
        eval(expression)  # noqa: S307 - this is what a vulnerable reader does

    assert len(expressions) == 3
    assert len(list(tmp_path.iterdir())) == 3


def test_every_pickle_makes_a_folder_if_somebody_loads_it(tmp_path: Path) -> None:
    """Of each protocol and of each gadget but a lazy one, which somebody has to go through."""
    harmed = 0
    for data in list(code(str(tmp_path)))[:36]:
        before = len(list(tmp_path.iterdir()))
        value = pickle.loads(data)
        if type(value["cart"]) is list and type(value["cart"][0]) is map:
            list(value["cart"][0])
        harmed += len(list(tmp_path.iterdir())) > before

    assert harmed == 36


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bombs so small that they can be read."""
    monkeypatch.setattr(bombs, "_COLLIDING", 3)
    monkeypatch.setattr(bombs, "_DOUBLINGS", 3)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("pickle", 1),
        ("cbor", 4),
        ("compact", 2),
        ("fory", 1),
        ("json", 4),
        ("msgpack", 4),
        ("msgspec", 4),
        ("ormsgpack", 4),
    ],
)
def test_small_floods_are_what_each_format_writes(name: str, count: int) -> None:
    """So what is refused of a large one is its size alone: dicts and sets of three keys are read."""
    read = [value for value in _read(get_serializer(name), bombs.floods()) if len(value) == 3]

    assert len(read) >= count
    assert all(len({hash(key) for key in value}) == 1 for value in read), read


@pytest.mark.usefixtures("few")
def test_small_expansions_are_what_each_format_writes() -> None:
    """The same for graphs: pickle reads a key within a key, compact a pair of pairs, CBOR lists of lists."""
    registry = ConverterRegistry()
    registry.register(Pair, tag=bombs.PAIR_TAG)

    pickles = _read(get_serializer("pickle"), bombs.expansions())
    (pairs,) = _read(get_serializer("compact", registry), bombs.expansions())
    lists = cbor2.loads(list(bombs.expansions())[-2])

    nested: object = None
    pair: object = Pair(0, 0)
    for _ in range(3):
        nested, pair = (nested, nested), Pair(pair, pair)
    assert pickles == [{nested: None}, [nested]]
    assert pairs == {pair: 0}
    assert lists == [[[[], []], [[], []]], [[[], []], [[], []]]]


def _read(serializer: Serializer, payloads: Iterator[bytes]) -> list:
    values = []
    for payload in payloads:
        try:
            values.append(serializer.loads(payload))
        except ValueError:
            continue
    return values


def test_a_serializer_that_cannot_be_made_is_given_no_bytes(install) -> None:
    """Here for an option that it does not take: nothing is known of it then, not even harm."""
    variants = "    variants = {'odd': {'size': 1}}\n    capabilities"
    source = PLUGIN.format(loads="pass").replace("    capabilities", variants)
    install("plugin_odd", source, "[memcached_sessions.serializers]\nodd = plugin_odd:Odd\n")

    cells = hostile_grid([available_serializers()["odd"]], mutations=20)

    assert {(cell.defence, cell.payloads) for cell in cells} == {(Defence.NOT_APPLICABLE, 0)}
    assert "nothing could be asked: TypeError" in cells[0].detail


def test_code_is_written_whatever_the_name_of_the_folder() -> None:
    """A payload of more than 255 bytes has its length in two."""
    assert len(list(code("/" + 300 * "x"))) == len(list(code("/x")))
