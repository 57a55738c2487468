"""Converters of a library cost nothing, and ask for nothing, where the application does not use it.

Each test looks at a process of its own, in which all these libraries could be imported.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from memcached_sessions.serializers import ConverterRegistry, available_serializers, get_serializer
from memcached_sessions.serializers.testing.libraries import LIBRARIES, is_installed, samples_of

ROOTS = sorted({*LIBRARIES, "bson", "numpy", "pandas", "pydantic_core"})
FORMATS = [name for name, info in available_serializers().items() if info.distribution == "memcached-sessions"]

BUILT_IN = ["json", "msgpack", "cbor", "compact", "pickle"]
CLASS_KINDS = ("attrs", "pydantic")
"""Their classes are the application's, which registers them."""

PLAIN_SESSIONS = """
from datetime import UTC, datetime
from decimal import Decimal
from memcached_sessions import Session, SessionManager, register  # all that an application imports
from memcached_sessions.serializers import SerializationError, get_serializer


class Item:
    def __init__(self):
        self.sku = "a"


class Unknown:
    pass


register(Item, tag="shop.Item")


def encode_and_decode(name):
    serializer = get_serializer(name)
    session = {"user": 7, "cart": [{"sku": "a"}]}
    assert serializer.loads(serializer.dumps(session)) == session
    if serializer.capabilities.registered_classes:
        rich = session | {"price": Decimal("9.90"), "seats": (1, {2}), "since": datetime.now(UTC), "item": Item()}
        assert serializer.loads(serializer.dumps(rich))["price"] == Decimal("9.90")
    try:
        serializer.dumps({"it": Unknown()})
    except SerializationError:
        return
    raise AssertionError("it should have asked everybody for a converter")
"""


def in_a_process(code: str, *arguments: str) -> Any:
    """Run code in a fresh interpreter, and return what it prints as JSON."""
    command = [sys.executable, "-c", f"import json, sys\n{code}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", FORMATS)
def test_plain_sessions_import_none_of_them(name: str) -> None:
    """Beyond what the format itself is made of, if that is one of them."""
    code = f"""
{PLAIN_SESSIONS}
get_serializer({name!r})
needed = [root for root in {ROOTS!r} if root in sys.modules]
encode_and_decode({name!r})
print(json.dumps([needed, [root for root in {ROOTS!r} if root in sys.modules]]))
"""
    needed, imported = in_a_process(code)
    assert imported == needed
    if name in BUILT_IN:
        assert needed == []


def test_nothing_even_tries() -> None:
    """Where none of them can be imported, the built-in formats work, and nobody has asked for one."""
    code = f"""
class Blocker:
    asked = []

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ROOTS!r}:
            self.asked.append(name)
            raise ImportError(f"{{name}} is not there")


sys.meta_path.insert(0, Blocker())
{PLAIN_SESSIONS}
for name in {BUILT_IN!r}:
    encode_and_decode(name)
print(json.dumps(Blocker.asked))
"""
    assert in_a_process(code) == []


def test_what_nobody_imported_is_an_error_that_says_what_to_import() -> None:
    """Nothing is imported because a payload says so; with the modules that the error names the payload is read."""
    payloads = {}
    for library in filter(is_installed, LIBRARIES):
        registry = ConverterRegistry()
        samples = samples_of(library, registry)
        if library not in CLASS_KINDS:
            payloads[library] = get_serializer("compact", registry=registry).dumps([samples[0].make()]).hex()
    code = """
import re
from importlib import import_module
from memcached_sessions.serializers import DeserializationError, get_serializer

serializer = get_serializer("compact")
payloads = {library: bytes.fromhex(text) for library, text in json.loads(sys.argv[1]).items()}
messages = {}
for library, payload in payloads.items():
    try:
        serializer.loads(payload)
    except DeserializationError as error:
        messages[library] = str(error)
imported = [library for library in payloads if library in sys.modules]
for message in messages.values():
    for module in re.search(": import (.+) where the application", message)[1].split(" or "):
        import_module(module)
for payload in payloads.values():
    serializer.loads(payload)
print(json.dumps([messages, imported]))
"""
    messages, imported = in_a_process(code, json.dumps(payloads))
    assert imported == []
    assert set(messages) == set(payloads)
    for library, message in messages.items():
        assert f"the tag '{library}." in message
