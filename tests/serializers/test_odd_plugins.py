"""Plug-ins that misbehave: each is an error of its own, and all others work."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from laid_distribution import lay_distribution

Plug = Callable[..., None]
Run = Callable[[str], str]


@pytest.fixture
def plug(tmp_path: Path) -> Plug:
    """Return a function that installs a distribution with one module and its entry points, by hand."""

    def install(name: str, module: str, entry_points: str) -> None:
        (tmp_path / f"{name}.py").write_text(module)
        lay_distribution(tmp_path, name, entry_points)

    return install


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a script where the plug-ins are installed, and returns what it prints."""

    def script(code: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return script


LIST = """
import json
from memcached_sessions.serializers import available_serializers
print(json.dumps({name: info.broken for name, info in available_serializers().items()}))
"""


ODD = """
from memcached_sessions.serializers import Capabilities
def make(*, registry): return Odd()
class Odd:
    name = "odd"
    capabilities = Capabilities()
    def dumps(self, value, /): return b""
    def loads(self, data, /): return None
"""


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("class Panic(BaseException): pass\nraise Panic('rust')", "Panic: rust"),
        ("def make(*, registry): raise KeyError('x')", "KeyError: 'x'"),
        ("def make(*, registry): return object()", "object is no Serializer"),
        ("make = 7", "TypeError: 'int' object is not callable"),
        (
            "from memcached_sessions.serializers.formats.json import JsonSerializer as make",
            "its entry point is called 'odd', and it calls itself 'json'",
        ),
        (ODD + "    implementation = property(lambda self: exit(3))", "SystemExit: 3"),
        (ODD + "    variants = property(lambda self: 1 / 0)", "ZeroDivisionError: division by zero"),
        (ODD + "    variants = {'two\\nlines': {}}", r"a variant cannot be called 'two\nlines'"),
        (ODD + "    variants = {}", "it has no variant"),
        (ODD + "    capabilities = Capabilities(safe='yes')", "each True or False"),
        (ODD + "    capabilities = None", "must be Capabilities"),
        (r"raise ValueError('no \ud800 text')", r"ValueError: no \ud800 text"),
    ],
    ids=[
        "exits", "panics", "fails", "makes nothing", "is nothing", "has another name", "exits when described",
        "fails when described", "has a label of two lines", "has no variant", "claims more than a claim",
        "has no capabilities", "says what is no text",
    ],
)  # fmt: skip
def test_a_serializer_that_is_none_is_listed_with_the_reason(plug: Plug, run: Run, module: str, reason: str) -> None:
    plug("odd", module, "[memcached_sessions.serializers]\nodd = odd:make\n")
    found = json.loads(run(LIST))
    assert reason in found.pop("odd")
    assert set(found.values()) == {None}


def test_converters_may_be_called_like_others(plug: Plug, run: Run) -> None:
    module = "class Thing: pass\ndef register(registry): registry.register(Thing, tag='{0}.Thing')\n"
    for name in ("one", "two"):
        plug(name, module.format(name), f"[memcached_sessions.converters]\nbuiltins = {name}:register\n")
    printed = run(
        "import one, two\nfrom memcached_sessions.serializers import DEFAULT\n"
        "print(DEFAULT.lower(one.Thing()), DEFAULT.lower(two.Thing()), DEFAULT.lower((1,)), DEFAULT.broken)"
    )
    assert printed == "('one.Thing', {}) ('two.Thing', {}) ('tuple', [1]) {}\n"


def test_two_converters_of_one_class_are_an_error_that_names_the_second(plug: Plug, run: Run) -> None:
    module = (
        "from uuid import UUID\ndef register(registry): registry.register(UUID, tag='mine', encode=str, decode=UUID)\n"
    )
    plug("late", module, "[memcached_sessions.converters]\nz-late = late:register\n")
    printed = run(
        "import logging; logging.disable()\nfrom uuid import UUID\nfrom memcached_sessions.serializers import DEFAULT\n"
        "print(DEFAULT.lower(UUID(int=1))[0], DEFAULT.broken)"
    )
    assert printed == "uuid {'z-late': \"uuid.UUID has the tag 'uuid' and cannot have 'mine' too\"}\n"


def test_converters_that_fail_do_not_stop_the_others(plug: Plug, run: Run) -> None:
    plug("exits", "raise SystemExit", "[memcached_sessions.converters]\na-exits = exits:register\n")
    plug("fails", "def register(registry): 1 / 0", "[memcached_sessions.converters]\na-fails = fails:register\n")
    printed = run(
        "import logging; logging.disable()\nfrom memcached_sessions.serializers import DEFAULT\n"
        "print(DEFAULT.lower((1,)), sorted(DEFAULT.broken))"
    )
    assert printed == "('tuple', [1]) ['a-exits', 'a-fails']\n"


def test_a_module_that_registers_while_another_thread_loads_the_plug_ins_does_not_wait_forever(
    plug: Plug, run: Run
) -> None:
    module = """
import threading, time
from memcached_sessions.serializers import register
importing = threading.Event() if "importing" not in globals() else importing
time.sleep(0.5)  # by now the other thread waits for this import

@register(tag="slow.Thing")
class Thing: pass

def register_converters(registry): pass
"""
    plug("slow", module, "[memcached_sessions.converters]\nslow = slow:register_converters\n")
    printed = run("""
import threading, time
from memcached_sessions.serializers import DEFAULT
importer = threading.Thread(target=lambda: __import__("slow"))
importer.start()
time.sleep(0.1)
print(DEFAULT.lower((1,)))
importer.join()
print(DEFAULT.broken)
""")
    assert printed == "('tuple', [1])\n{}\n"
