"""The sessions that are compared: the right size, the same in every process, distinct in their parts."""

import json
import os
import pickle
import subprocess
import sys
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from memcached_sessions.bench.workload import Workload, available_workloads
from memcached_sessions.bench.workloads import blob, cart, honesty, login, msm, numeric, wizard
from memcached_sessions.serializers import ConverterRegistry, get_serializer
from memcached_sessions.serializers.fidelity import difference

OURS = {name: info for name, info in available_workloads().items() if info.distribution == "memcached-sessions"}

IMPORT = "from memcached_sessions.bench.workload import Workload\n"
# The hash seed decides the order of sets, so two processes with other seeds would show whatever depends on it.
WRITE_ALL = """
import sys
from itertools import pairwise
from pathlib import Path
from memcached_sessions.bench.workload import available_workloads
from memcached_sessions.serializers import ConverterRegistry, get_serializer
for name, info in available_workloads().items():
    if info.distribution == "memcached-sessions":
        registry = ConverterRegistry()
        info.workload.register(registry)
        Path(sys.argv[1], name).write_bytes(get_serializer("pickle", registry).dumps(info.workload.build()))
"""


def _workload(name: str) -> Workload:
    workload = OURS[name].workload
    assert workload is not None, OURS[name].broken
    return workload


def test_the_fourteen_workloads_are_found_by_entry_point() -> None:
    assert sorted(OURS) == [
        "blob",
        "cart-objects",
        "cart-plain",
        "honesty",
        "login",
        "msm-full-10",
        "msm-full-100",
        "msm-full-500",
        "msm-persons-10",
        "msm-persons-100",
        "msm-persons-500",
        "numeric",
        "population",
        "wizard",
    ]


@pytest.mark.parametrize("name", OURS)
def test_every_workload_builds_a_new_and_equal_session_each_time(name: str) -> None:
    workload = _workload(name)

    first, second = workload.build(), workload.build()

    assert first is not second
    assert difference(first, second, identity=True) is None


@pytest.mark.parametrize("seed", ["1", "2"])
def test_processes_with_other_hash_seeds_build_the_same_sessions(seed: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, "-c", WRITE_ALL, tmp_path], env=environment, check=True)

    for name in OURS:
        workload, registry = _workload(name), ConverterRegistry()
        workload.register(registry)
        theirs = get_serializer("pickle", registry).loads((tmp_path / name).read_bytes())
        assert difference(workload.build(), theirs, identity=True) is None, name


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("login", 200, 500),
        ("cart-plain", 1_600, 3_000),
        ("wizard", 3_000, 8_000),
        ("numeric", 5_000, 10_000),
        ("blob", 65_536, 66_500),
        ("honesty", 2_000, 5_000),
    ],
)
def test_the_plain_sessions_have_the_size_of_real_ones(name: str, least: int, most: int) -> None:
    assert least <= len(pickle.dumps(_workload(name).build(), 5)) <= most


@pytest.mark.parametrize("name", ["login", "cart-plain", "wizard", "numeric", "honesty", "population"])
def test_the_plain_sessions_are_what_json_carries(name: str) -> None:
    sessions = _workload(name).sessions()

    assert difference(sessions, json.loads(json.dumps(sessions)), identity=False) is None


def test_the_session_after_login_has_the_keys_of_django_and_flask() -> None:
    session = login.build_login(login.SEED)

    assert {"_auth_user_id", "_auth_user_backend", "_auth_user_hash", "_user_id", "_fresh", "_id"} <= set(session)


def test_another_seed_gives_other_values_in_the_same_shape() -> None:
    one, other = cart.build_cart_plain(1), cart.build_cart_plain(2)

    assert one != other
    assert one.keys() == other.keys()


def test_the_items_of_a_cart_are_distinct() -> None:
    plain = cart.build_cart_plain(cart.SEED_PLAIN)["cart"]["items"]
    objects = cart.build_cart_objects(cart.SEED_OBJECTS)["cart"].items

    assert len({item["sku"] for item in plain}) == len({item["name"] for item in plain}) == cart.ITEMS_PLAIN
    assert len({item.sku for item in objects}) == len({item.name for item in objects}) == cart.ITEMS_OBJECTS
    for field in ("name", "sku", "price", "added", "size"):
        assert len({id(getattr(item, field)) for item in objects}) == cart.ITEMS_OBJECTS, field


def test_the_cart_of_objects_shares_its_user_and_holds_every_promised_type() -> None:
    session = cart.build_cart_objects(cart.SEED_OBJECTS)
    items = session["cart"].items

    assert session["cart"].owner is session["user"]
    assert {str(item.added.tzinfo) for item in items} == {"UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"}
    assert {type(item.price).__name__ for item in items} == {"Decimal"}
    assert {type(item.size) for item in items} == {tuple}
    assert isinstance(session["user"].role, cart.Role)
    assert isinstance(session["viewed"], set)


@pytest.mark.parametrize(("persons", "edge", "components"), [(10, 2, 7), (100, 3, 13), (500, 4, 21)])
def test_the_sessions_of_msm_have_its_persons_and_its_tree(persons: int, edge: int, components: int) -> None:
    session = msm.build_session(persons, edge, container=True)
    chain, root = session["persons"], session["component"]
    nodes = [root, *root.children, *(leaf for child in root.children for leaf in child.children)]

    assert len(chain) == persons
    assert all(person.friends == [before] for before, person in pairwise(chain))
    assert len(nodes) == components
    assert all(child.parent is node for node in nodes for child in node.children)
    assert session["mycontainer"].person[0] not in chain


def test_the_wizard_is_text_of_many_scripts() -> None:
    """Of ASCII alone no serializer would have to choose how to write it."""
    text = json.dumps(wizard.build_wizard(wizard.SEED), ensure_ascii=False)
    scripts = {unicodedata.name(character).split()[0] for character in text if character.isalpha()}

    assert {
        "LATIN",
        "GREEK",
        "CYRILLIC",
        "HEBREW",
        "ARABIC",
        "DEVANAGARI",
        "THAI",
        "HIRAGANA",
        "HANGUL",
        "CJK",
    } <= scripts
    assert max(text) > "\U00010000"


def test_nine_in_ten_values_of_the_numeric_session_are_numbers() -> None:
    kinds = Counter(type(value) for value in _values(numeric.build_numeric(numeric.SEED)) if not _is_container(value))

    assert kinds[int] > 300
    assert kinds[float] > 500
    assert kinds[int] + kinds[float] > 0.9 * kinds.total()


def test_the_blob_is_of_one_length_and_compresses_in_part() -> None:
    content = blob.build_blob(blob.SEED)["upload"]["content"]

    assert type(content) is bytes
    assert len(content) == 65_536
    assert 0.7 < len(zlib.compress(content)) / len(content) < 0.9


def test_the_population_is_a_thousand_sessions_of_which_no_two_are_equal() -> None:
    sessions = _workload("population").sessions()

    assert len(sessions) == len({json.dumps(session) for session in sessions}) == 1_000


def test_the_sizes_of_the_population_are_log_normal() -> None:
    """By their median, their largest, and the share of all bytes that the largest tenth has."""
    sizes = sorted(len(json.dumps(session, separators=(",", ":"))) for session in _workload("population").sessions())

    assert 1_000 <= sizes[500] <= 1_500
    assert 40_000 <= sizes[-1] <= 60_000
    assert 0.3 < sum(sizes[900:]) / sum(sizes) < 0.6
    assert sum(sizes) < 2_500_000  # so that the slowest serializer goes through all of them in a part of a second


def test_no_two_values_and_no_two_keys_of_the_honest_session_are_equal() -> None:
    """Containers included, and numbers of other types: what is equal could be remembered."""
    session = honesty.build_honesty(honesty.SEED)
    values = [*_values(session), *_keys(session)]

    assert [(a, b) for a, b in combinations(values, 2) if a == b] == []
    assert {type(value) for value in values} == {dict, list, str, int, float, bool, type(None)}


def test_the_keys_of_the_honest_session_are_in_no_order() -> None:
    keys = list(honesty.build_honesty(honesty.SEED))

    assert keys not in (sorted(keys), sorted(keys, reverse=True))


def _values(value: object) -> Iterator[object]:
    """Yield a value of plain data and all that is in it, keys apart."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values(inner)


def _keys(value: object) -> Iterator[str]:
    return (key for inner in _values(value) if isinstance(inner, dict) for key in inner)


def _is_container(value: object) -> bool:
    return isinstance(value, (dict, list))


def test_a_workload_of_somebody_else_is_found(install) -> None:
    source = IMPORT + "MINE = Workload('mine', '', None, dict)"
    install("theirs", source, "[memcached_sessions.workloads]\nmine = theirs:MINE\n")

    found = available_workloads()["mine"]

    assert (found.distribution, found.version, found.broken) == ("theirs", "1.0", None)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module", "no_such_module"),
        ("MINE = 7", "must name a Workload called 'mine', not int"),
        (
            IMPORT + "MINE = Workload('other', '', None, dict)",
            "not one called 'other'",
        ),
        (
            IMPORT + "MINE = Workload('mine', '', None, lambda: {}['x'])",
            "cannot be built: KeyError",
        ),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        (IMPORT + "import os\nMINE = Workload('mine', '', None, os.abort)", "the process ended by SIGABRT"),
        (IMPORT + "import sys\nMINE = Workload('mine', '', None, sys.exit)", "cannot be built: SystemExit"),
        (IMPORT + "MINE = Workload('mine', '', 0.5, dict)", "its seed must be an int or None, not float"),
        (IMPORT + "MINE = Workload('mine', '', None, list, population=True)", "at least one session"),
        ("raise ValueError('\\ud800')", r"ValueError: \ud800"),
        ("class Odd:\n    __class__ = property(lambda self: 1 / 0)\nMINE = Odd()", "ZeroDivisionError"),
    ],
    ids=[
        "import", "type", "name", "build", "import exits", "build crashes", "build exits", "seed", "population",
        "no text", "raises when looked at",
    ],
)  # fmt: skip
def test_a_broken_workload_is_listed_with_the_reason(install, source: str, reason: str) -> None:
    install("theirs", source, "[memcached_sessions.workloads]\nmine = theirs:MINE\n")

    found = available_workloads()

    assert reason in found["mine"].broken
    assert found["login"].broken is None


def test_a_workload_whose_build_does_not_end_is_broken(install, monkeypatch) -> None:
    """And the process that asked goes on."""
    monkeypatch.setattr("memcached_sessions.bench.workload._BUILD_SECONDS", 0.5)
    source = IMPORT + "def build():\n    while True: pass\nMINE = Workload('mine', '', None, build)"
    install("theirs", source, "[memcached_sessions.workloads]\nmine = theirs:MINE\n")

    assert available_workloads()["mine"].broken == "it cannot be built: it was stopped after 0.5 s"


def test_nothing_is_built_in_the_process_that_asks(install) -> None:
    source = IMPORT + "BUILT = []\nMINE = Workload('mine', '\\ud800', None, lambda: BUILT.append(1) or {})"
    install("theirs", source, "[memcached_sessions.workloads]\nmine = theirs:MINE\n")

    found = available_workloads()["mine"]

    assert found.broken is None
    assert found.workload.description == r"\ud800"
    assert sys.modules["theirs"].BUILT == []


def test_two_workloads_of_one_name_are_an_error_that_names_both(install) -> None:
    source = IMPORT + "MINE = Workload('mine', '', None, dict)"
    install("first_rival", source, "[memcached_sessions.workloads]\nmine = first_rival:MINE\n")
    install("second_rival", source, "[memcached_sessions.workloads]\nmine = second_rival:MINE\n")

    broken = available_workloads()["mine"].broken

    assert "first_rival" in broken
    assert "second_rival" in broken
