"""Cases are verified before anything is timed; whatever a serializer does wrong becomes its verdict."""

from dataclasses import dataclass
from decimal import Decimal

import orjson
import pytest

from memcached_sessions.bench.case import Case, Examined, Outcome, every_case, examine
from memcached_sessions.bench.references import references
from memcached_sessions.bench.store import MemoryStore
from memcached_sessions.bench.workload import Workload, available_workloads
from memcached_sessions.bench.workloads.cart import CART_OBJECTS
from memcached_sessions.bench.workloads.login import LOGIN
from memcached_sessions.serializers import available_serializers

PLUGIN = """
import json
from memcached_sessions.serializers import available_serializers, Capabilities, SerializationError

dumped = loaded = 0
{before}

class {name}:
    name = "{name}"
    capabilities = Capabilities()
    def __init__(self, *, registry): pass
    def dumps(self, value, /):
        global dumped
        dumped += 1
        return {dumps}
    def loads(self, data, /):
        global loaded
        loaded += 1
        return {loads}
"""


@dataclass
class Money:
    amount: Decimal


def _examined(workload: Workload, serializer: str) -> Examined:
    return examine(Case(workload, serializer, label=serializer), MemoryStore())


def _install(
    install, name: str, *, dumps: str = "json.dumps(value).encode()", loads: str = "json.loads(data)", before: str = ""
) -> None:
    source = PLUGIN.format(name=name, dumps=dumps, loads=loads, before=before)
    install(f"plugin_{name}", source, f"[memcached_sessions.serializers]\n{name} = plugin_{name}:{name}\n")


def test_a_case_is_every_serializer_on_every_workload() -> None:
    cases = every_case([LOGIN, CART_OBJECTS], [available_serializers()[name] for name in ("json", "pickle")])

    assert [(case.workload.name, case.serializer, case.label) for case in cases] == [
        ("login", "json", "json"),
        ("login", "pickle", "pickle"),
        ("cart-objects", "json", "json"),
        ("cart-objects", "pickle", "pickle"),
    ]


@pytest.mark.parametrize("serializer", ["cbor", "json", "msgpack", "pickle"])
@pytest.mark.parametrize("workload", ["login", "cart-plain", "cart-objects"])
def test_the_built_in_serializers_keep_the_sessions_of_applications(workload: str, serializer: str) -> None:
    built = available_workloads()[workload].workload

    found = _examined(built, serializer)

    assert found.verdict.outcome is Outcome.VERIFIED, found.verdict
    assert found.ready.payloads


@pytest.mark.parametrize("workload", ["msm-persons-10", "msm-full-10", "msm-persons-500", "msm-full-500"])
def test_pickle_keeps_the_graphs_of_msm_and_formats_without_references_refuse_them(workload: str) -> None:
    built = available_workloads()[workload].workload

    assert _examined(built, "pickle").verdict.outcome is Outcome.VERIFIED
    refused = _examined(built, "msgpack").verdict
    assert refused.outcome is Outcome.REFUSED
    assert refused.path


def test_what_is_shared_comes_back_shared_or_the_row_says_that_it_does_not() -> None:
    assert _examined(CART_OBJECTS, "pickle").ready.keeps_identity is True
    assert _examined(CART_OBJECTS, "msgpack").ready.keeps_identity is False


def test_an_unregistered_class_is_refused_with_its_path() -> None:
    session = {"cart": {"items": [1, 2, 3, {"price": Money(Decimal(9))}]}}
    workload = Workload("money", "", None, lambda: session)

    verdict = _examined(workload, "msgpack").verdict

    assert (verdict.outcome, verdict.path) == (Outcome.REFUSED, "cart.items[3].price")
    assert "\n" not in verdict.detail


def test_a_silent_change_is_not_faithful(install) -> None:
    _install(install, "changing")
    workload = Workload("seats", "", None, lambda: {"seats": (1, 2)})

    verdict = _examined(workload, "changing").verdict

    assert (verdict.outcome, verdict.path) == (Outcome.UNFAITHFUL, "seats")
    assert "tuple" in verdict.detail


def test_a_serializer_that_is_right_only_once_is_not_faithful(install) -> None:
    _install(install, "once", loads="json.loads(data) if loaded == 1 else {}")

    assert _examined(LOGIN, "once").verdict.outcome is Outcome.UNFAITHFUL


def test_a_serializer_that_keeps_the_bytes_of_an_object_is_not_faithful(install) -> None:
    """It is fast, and forgets every change after the first save."""
    _install(install, "cache", dumps="kept.setdefault(id(value), json.dumps(value).encode())", before="kept = {}")

    verdict = _examined(LOGIN, "cache").verdict

    assert verdict.outcome is Outcome.UNFAITHFUL
    assert "came back as before: .last_seen is lost" in verdict.detail


def test_a_serializer_that_changes_the_session_is_not_faithful(install) -> None:
    _install(install, "vandal", dumps="value.update(mark=1) or json.dumps(value).encode()")

    verdict = _examined(LOGIN, "vandal").verdict

    assert verdict.outcome is Outcome.UNFAITHFUL
    assert "changed the value" in verdict.detail


@pytest.mark.parametrize(
    ("name", "dumps", "loads", "detail"),
    [
        ("crashing", "{}['x']", "None", "KeyError: 'x'"),
        ("texting", "'text'", "None", "dumps returned str instead of bytes"),
        ("forgetful", "b''", "1 / 0", "ZeroDivisionError"),
    ],
)
def test_any_other_mistake_is_a_failure_with_its_reason(
    install, name: str, dumps: str, loads: str, detail: str
) -> None:
    _install(install, name, dumps=dumps, loads=loads)

    verdict = _examined(LOGIN, name).verdict

    assert verdict.outcome is Outcome.FAILED
    assert detail in verdict.detail


def test_an_unknown_option_is_a_failure_of_that_case_only() -> None:
    verdict = examine(Case(LOGIN, "json", "json (odd)", {"no_such_option": 1}), MemoryStore()).verdict

    assert verdict.outcome is Outcome.FAILED
    assert "no_such_option" in verdict.detail


def test_libraries_alone_are_compared_and_do_not_pass_for_serializers() -> None:
    """On plain data they are verified, on objects they are refused or unfaithful, and they are no plug-ins."""
    assert _examined(LOGIN, "bare-orjson").verdict.outcome is Outcome.VERIFIED
    assert _examined(CART_OBJECTS, "bare-pickle").verdict.outcome is Outcome.VERIFIED
    for name in set(references()) - {"bare-pickle"}:
        assert _examined(CART_OBJECTS, name).verdict.outcome in (Outcome.REFUSED, Outcome.UNFAITHFUL)
    assert not set(references()) & set(available_serializers())
    assert references()["bare-orjson"].dumps is orjson.dumps
