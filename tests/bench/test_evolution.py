"""What yesterday's code wrote, read by today's: with a registry always, by import path as far as that goes."""

import pytest

from memcached_sessions.bench.case import Outcome
from memcached_sessions.bench.evolution.deploy import evolution
from memcached_sessions.bench.references import reference_infos
from memcached_sessions.bench.result import EvolutionCell
from memcached_sessions.serializers import available_serializers

Table = dict[tuple[str, str], EvolutionCell]


@pytest.fixture(scope="module")
def table() -> Table:
    """Return the cells of all installed serializers and libraries by label and change."""
    cells = evolution([*available_serializers().values(), *reference_infos().values()])
    return {(cell.label, cell.change): cell for cell in cells}


def test_every_change_happens_to_every_kind_of_class(table: Table) -> None:
    """Four changes, three kinds."""
    changes = {change for label, change in table if label == "json"}

    assert len(changes) == 12
    assert {"field added (dataclass)", "class renamed (class with slots)", "field removed (plain class)"} <= changes


def test_all_of_our_serializers_outlive_a_deploy(table: Table) -> None:
    """The tag and the names of the fields are all that a payload says of a class."""
    ours = {label for info in available_serializers().values() for label in info.variants}

    assert {cell.outcome for (label, _), cell in table.items() if label in ours} == {Outcome.VERIFIED}


def test_pickle_alone_finds_classes_by_their_import_path(table: Table) -> None:
    """It keeps attributes by name, so more fields are no harm; a class that moved is lost."""
    assert table["bare-pickle", "field added (dataclass)"].outcome is Outcome.VERIFIED
    assert table["bare-pickle", "fields reordered (class with slots)"].outcome is Outcome.VERIFIED
    moved = table["bare-pickle", "class renamed (plain class)"]
    assert moved.outcome is Outcome.FAILED
    assert moved.detail.startswith("reading: ModuleNotFoundError")
    removed = table["bare-pickle", "field removed (class with slots)"]
    assert removed.outcome is Outcome.FAILED


def test_a_library_that_writes_a_dict_gives_back_a_dict(table: Table) -> None:
    """Dataclasses it turns into dicts, other classes it refuses."""
    dataclass = table["bare-orjson", "field added (dataclass)"]

    assert (dataclass.outcome, dataclass.detail) == (Outcome.UNFAITHFUL, "Product became dict")
    assert table["bare-orjson", "field added (plain class)"].outcome is Outcome.REFUSED


def test_a_serializer_that_ends_its_process_while_reading_has_failed_there(install) -> None:
    """It wrote; the row says what became of the reading."""
    source = """
import os
from memcached_sessions.serializers import get_serializer
class Fragile:
    name = "fragile"
    def __init__(self, *, registry):
        self.json = get_serializer("json", registry)
        self.capabilities = self.json.capabilities
    def dumps(self, value, /): return self.json.dumps(value)
    def loads(self, data, /):
        value = self.json.loads(data)
        if hasattr(value["cart"][0], "gift"): os.abort()
        return value
"""
    install("plugin_fragile", source, "[memcached_sessions.serializers]\nfragile = plugin_fragile:Fragile\n")

    cells = {cell.change: cell for cell in evolution([available_serializers()["fragile"]])}

    added = cells["field added (dataclass)"]
    assert (added.outcome, added.detail) == (Outcome.FAILED, "the process ended by SIGABRT")
    assert cells["field removed (dataclass)"].outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("payload", "said"),
    [("b''", "reading: ValueError: nothing"), ("'text'", "dumps returned str instead of bytes")],
    ids=["no bytes", "text"],
)
def test_a_serializer_that_writes_nothing_is_not_verified(install, payload: str, said: str) -> None:
    """No bytes are a payload like others, and have to be read; what is no bytes is none."""
    source = f"""
from memcached_sessions.serializers import Capabilities
class Empty:
    name = "empty"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /): return {payload}
    def loads(self, data, /): raise ValueError("nothing")
"""
    install("plugin_empty", source, "[memcached_sessions.serializers]\nempty = plugin_empty:Empty\n")

    cells = evolution([available_serializers()["empty"]])

    assert {(cell.outcome, cell.detail) for cell in cells} == {(Outcome.FAILED, said)}
