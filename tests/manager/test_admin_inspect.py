"""``memcached-sessions inspect``: sessions, tombstones and bytes that are neither, on real nodes, left as they were."""

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy
import pytest
from cluster import Client, Cluster
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from memcached_process import MemcachedProcess

from memcached_sessions.manager.admin.cli import main
from memcached_sessions.manager.admin.inspect_output import inspect_text
from memcached_sessions.manager.admin.inspection import Finding, copy_of, key_of
from memcached_sessions.manager.envelope import Header
from memcached_sessions.manager.session_codec import SessionCodec
from memcached_sessions.manager.session_id import storage_key
from memcached_sessions.manager.settings import Settings
from memcached_sessions.manager.stores.store import Cas, Item
from memcached_sessions.manager.version_vector import VersionVector, client_flags

PROGRAM = Path(sys.executable).parent / "memcached-sessions"
SIGNING_KEY, OTHER_KEY = "0123456789abcdef", "fedcba9876543210"
SID = "0123456789abcdef0123456789abcdef"
KEY = storage_key(SID)
KEY_LIKE = re.compile(r".*[0-9a-f]{40}")
HOSTILE = "\x1b]0;owned\x07\u202e\r\n"
SEARCHABLE = Settings(memcached_nodes="memory://")

SHOP = """
from dataclasses import dataclass

@dataclass
class Item:
    name: str
    amount: int

def register_converters(registry):
    registry.register(Item, tag="shop.Item")
"""

STORE_AN_ITEM = """
import shop
from memcached_sessions import SessionManager

with SessionManager.from_env() as manager:
    with manager.request(None) as session:
        session["item"] = shop.Item("tea", 3)
    print(session.id)
"""

Inspect = Callable[..., tuple[int, dict[str, Any]]]
"""Runs the command with ``--json``; returns its status and what each node holds, by the name of the node."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as nodes:
        yield nodes


@pytest.fixture
def inspect(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> Inspect:
    """Return what inspects a session of the cluster."""

    def run(session: str | None, *arguments: str) -> tuple[int, dict[str, Any]]:
        assert session
        status = main(["inspect", session, "--json", "--nodes", cluster.addresses, *arguments])
        printed = capsys.readouterr().out
        document = json.loads(printed)
        assert (document["schema"], document["command"]) == (1, "inspect")
        assert document["found"] == (status == 0)
        assert session[:32] not in printed or KEY_LIKE.fullmatch(session) or session == "-"
        return status, {node["node"]: node for node in document["nodes"]}

    return run


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    """The path of a file with the key that signs."""
    file = tmp_path / "keys"
    file.write_text(f"{SIGNING_KEY}\n")
    return str(file)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODES", "MEMCACHED_NODES", "FAILOVER_NODES", "SERIALIZER", "SIGNING_KEYS"):
        monkeypatch.delenv(f"MEMCACHED_SESSIONS_{name}", raising=False)


def _put(node: MemcachedProcess, key: str, value: bytes, flags: int = 0) -> None:
    """Store an item as any client could."""
    stored = node.say(b"ms %b %d T100 F%d\r\n%b\r\n" % (key.encode(), len(value), flags, value))
    assert stored == b"HD\r\n"


def _value(node: MemcachedProcess, key: str) -> tuple[bytes, int]:
    """Return the bytes and client flags of an item."""
    line, _, rest = node.say(f"mg {key} f v u\r\n".encode()).partition(b"\r\n")
    return rest.removesuffix(b"\r\n"), int(line.split(b" f")[1])


def test_inspect_shows_a_session_by_the_installed_program(cluster: Cluster, key_file: str) -> None:
    """As a table, with values, compressed and signed; control characters are escaped, and the id is not shown."""
    client = Client()
    server = cluster.server(signing_keys=(SIGNING_KEY,), compression="zlib", storage_key_prefix="shop:")
    client.write(server, **{f"name{HOSTILE}": HOSTILE, "cart": ["tea"] * 300, "price": Decimal("9.90")})
    home, other = client.node, cluster.other(client.node)
    options = ["--storage-key-prefix", "shop:", "--signing-key-file", key_file, "--values"]

    done = subprocess.run(
        [PROGRAM, "inspect", "-", "--nodes", cluster.addresses, *options],
        input=f"{client.cookie}\n",
        capture_output=True,
        text=True,
        check=False,
    )

    words = " ".join(done.stdout.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"key {storage_key(client.sid, 'shop:')}\n")
    assert f"{home} (primary, 127.0.0.1:{cluster[home].port}): a session" in done.stdout
    assert f"{other} (primary, 127.0.0.1:{cluster[other].port}): nothing" in done.stdout
    assert "signature verified" in words
    assert "version 1, compressed by zlib, signed" in words
    assert "idle limit 1800 s absolute limit never touch interval 450 s counter 1" in words
    assert 'price decimal.Decimal 5 Decimal("9.90")' in words
    assert "name\\x1b]0;owned\\x07\\u202e\\r\\n str" in words
    assert '"\\x1b]0;owned\\x07\\u202e\\r\\n"' in words
    assert done.stdout.replace("\n", "").isprintable()
    assert client.sid not in done.stdout


def test_inspect_as_json_has_the_header_the_sizes_and_the_attributes(
    cluster: Cluster, inspect: Inspect, key_file: str
) -> None:
    """Values come only when they are asked for."""
    client = Client()
    server = cluster.server(signing_keys=(SIGNING_KEY,), compression="zlib", absolute_timeout=7200)
    client.write(server, cart=["tea"] * 300, user="Ada")
    client.write(server, user="Bob")
    key = storage_key(client.sid)
    stored, flags = _value(cluster[client.node], key)

    status, nodes = inspect(client.cookie, "--signing-key-file", key_file)
    _, with_values = inspect(key, "--signing-key-file", key_file, "--values")

    copy = nodes[client.node]["copy"]
    header = copy["header"]
    assert (status, nodes[cluster.other(client.node)]["copy"]) == (0, None)
    assert (copy["kind"], copy["problem"], copy["signature"]) == ("session", None, "verified")
    assert (copy["value_bytes"], copy["client_flags"]) == (len(stored), flags)
    assert copy["item_bytes"] > copy["value_bytes"]
    assert 2200 < copy["ttl"] <= 2255
    assert (header["counter"], header["idle_limit"], header["absolute_limit"]) == (2, 1800, 7200)
    assert (header["compression"], header["signed"], header["dead"]) == ("zlib", True, False)
    assert [entry["saves"] for entry in header["version_vector"]] == [2]
    assert header["payload_bytes"] > header["stored_payload_bytes"]
    assert [(each["name"], each["type"], each["value"]) for each in copy["attributes"]] == [
        ("cart", "list", None),
        ("user", "str", None),
    ]
    assert with_values[client.node]["copy"]["attributes"][1]["value"] == '"Bob"'


@pytest.mark.parametrize(("option", "length"), [("--values", 200), ("--full", 5_002)])
def test_inspect_bounds_values_unless_all_is_asked_for(
    cluster: Cluster, inspect: Inspect, option: str, length: int
) -> None:
    """A cut value says so."""
    client = Client()
    client.write(cluster.server(), text="x" * 5_000)

    _, nodes = inspect(client.cookie, option)

    value = nodes[client.node]["copy"]["attributes"][0]["value"]
    assert len(value) == length
    assert value.endswith("...") == (option == "--values")


def test_inspect_says_that_a_session_was_destroyed(
    cluster: Cluster, inspect: Inspect, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is a tombstone on every node."""
    client, server = Client(), cluster.server()
    client.write(server, user="Ada")
    cookie = client.cookie
    assert cookie
    with client.request(server) as session:
        session.destroy()

    status, nodes = inspect(cookie)

    copies = [nodes[name]["copy"] for name in cluster.nodes]
    assert status == 0
    assert [(copy["kind"], copy["problem"], copy["attributes"]) for copy in copies] == [("tombstone", None, None)] * 2
    assert all(copy["header"]["dead"] for copy in copies)
    assert main(["inspect", cookie, "--nodes", cluster.addresses]) == 0
    assert capsys.readouterr().out.count(": a tombstone: the session was destroyed or rotated") == 2


def test_inspect_of_a_signed_session_without_a_key_shows_the_header(cluster: Cluster, inspect: Inspect) -> None:
    """Unverified, and without attributes."""
    client = Client()
    client.write(cluster.server(signing_keys=(SIGNING_KEY,)), user="Ada")

    status, nodes = inspect(client.cookie)

    copy = nodes[client.node]["copy"]
    assert (status, copy["signature"], copy["attributes"]) == (0, "unchecked", None)
    assert "signing_keys is empty here" in copy["problem"]
    assert copy["header"]["serializer"] == "compact"


def test_inspect_with_the_wrong_key_says_that_the_signature_does_not_verify(
    cluster: Cluster, inspect: Inspect, key_file: str
) -> None:
    """And decodes nothing."""
    client = Client()
    client.write(cluster.server(signing_keys=(OTHER_KEY,)), user="Ada")

    _, nodes = inspect(client.cookie, "--signing-key-file", key_file)

    copy = nodes[client.node]["copy"]
    assert (copy["signature"], copy["attributes"]) == ("invalid", None)
    assert "its signature fits none of the 1 signing_keys" in copy["problem"]


def test_inspect_of_an_unsigned_session_with_a_key_decodes_nothing(
    cluster: Cluster, inspect: Inspect, key_file: str
) -> None:
    """Whoever can write to the node has written it."""
    client = Client()
    client.write(cluster.server(), user="Ada")

    _, nodes = inspect(client.cookie, "--signing-key-file", key_file)

    copy = nodes[client.node]["copy"]
    assert (copy["signature"], copy["attributes"]) == ("unsigned", None)
    assert "it is not signed" in copy["problem"]


def test_inspect_reads_pickle_only_if_the_settings_choose_it(
    cluster: Cluster, inspect: Inspect, key_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A serializer that is not accepted is named; with the application's settings the session is decoded."""
    client = Client()
    client.write(cluster.server(signing_keys=(SIGNING_KEY,), serializer="pickle"), user="Ada")

    _, refused = inspect(client.cookie, "--signing-key-file", key_file)
    monkeypatch.setenv("MEMCACHED_SESSIONS_SERIALIZER", "pickle")
    _, decoded = inspect(client.cookie, "--signing-key-file", key_file)

    copy = refused[client.node]["copy"]
    assert (copy["signature"], copy["attributes"], copy["header"]["serializer"]) == ("verified", None, "pickle")
    assert copy["problem"] == "the session was written by the serializer 'pickle', which is not in accept_serializers"
    assert [each["name"] for each in decoded[client.node]["copy"]["attributes"]] == ["user"]


def test_inspect_never_runs_a_pickle_that_somebody_else_has_stored(
    cluster: Cluster, inspect: Inspect, key_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even with pickle chosen: the signature is missing."""
    trace = tmp_path / "trace"
    client = Client()
    client.write(cluster.server(serializer="json"), a="x")
    stored, flags = _value(cluster[client.node], storage_key(client.sid))
    evil = b"cos\nsystem\n(S'touch %b'\ntR." % str(trace).encode()
    body = stored[:48] + len(evil).to_bytes(4, "big") * 2 + b"\x06" + stored[57:58] + b"pickle" + stored[62:74] + evil
    _put(cluster[client.node], storage_key(client.sid), body, flags)
    monkeypatch.setenv("MEMCACHED_SESSIONS_SERIALIZER", "pickle")

    _, nodes = inspect(client.cookie, "--values", "--signing-key-file", key_file)

    copy = nodes[client.node]["copy"]
    assert (copy["header"]["serializer"], copy["attributes"]) == ("pickle", None)
    assert "it is not signed" in copy["problem"]
    assert not trace.exists()


def test_inspect_says_that_an_item_is_no_envelope(
    cluster: Cluster, inspect: Inspect, capsys: pytest.CaptureFixture[str]
) -> None:
    """Something else shares the nodes."""
    _put(cluster["n1"], KEY, HOSTILE.encode())

    status, nodes = inspect(SID)

    copy = nodes["n1"]["copy"]
    assert (status, copy["kind"], copy["header"], copy["attributes"]) == (0, "no envelope", None, None)
    assert (copy["value_bytes"], copy["ttl"]) == (len(HOSTILE.encode()), pytest.approx(100, abs=5))
    assert main(["inspect", SID, "--nodes", cluster.addresses]) == 0
    assert "an item that is no envelope" in capsys.readouterr().out


def test_inspect_of_a_damaged_session_shows_the_header_as_far_as_it_goes(
    cluster: Cluster, inspect: Inspect, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off within the header, a field is what it was or unknown."""
    client = Client()
    client.write(cluster.server(), user="Ada")
    key = storage_key(client.sid)
    stored, flags = _value(cluster[client.node], key)
    _put(cluster[client.node], key, stored[:40], flags)

    _, nodes = inspect(client.cookie)

    copy = nodes[client.node]["copy"]
    assert (copy["kind"], copy["problem"]) == ("session", "damaged: it ends after 40 bytes")
    assert (copy["header"]["counter"], copy["header"]["idle_limit"]) == (1, 1800)
    assert (copy["header"]["absolute_limit"], copy["header"]["serializer"]) == (None, None)
    assert client.cookie
    assert main(["inspect", client.cookie, "--nodes", cluster.addresses]) == 0
    assert "\n  absolute limit  ?\n" in capsys.readouterr().out


def test_inspect_says_that_a_session_was_copied_from_another_key(
    cluster: Cluster, inspect: Inspect, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody who copies a session gets into another."""
    client = Client()
    client.write(cluster.server(), user="Ada")
    _put(cluster["n1"], KEY, *_value(cluster[client.node], storage_key(client.sid)))

    _, nodes = inspect(SID)

    copy = nodes["n1"]["copy"]
    assert (copy["header"]["key_matches"], copy["attributes"]) == (False, None)
    assert "it belongs to another storage key" in copy["problem"]
    assert main(["inspect", SID, "--nodes", cluster.addresses]) == 0
    assert "the header is of another one" in capsys.readouterr().out


def test_inspect_of_what_no_node_has_fails(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """All nodes answered: it is nowhere."""
    assert main(["inspect", SID, "--nodes", cluster.addresses]) == 1
    assert capsys.readouterr().out.endswith(": nothing\n\nnot found\n")


def test_inspect_of_what_may_be_on_a_frozen_node_is_not_decided(
    cluster: Cluster, inspect: Inspect, capsys: pytest.CaptureFixture[str]
) -> None:
    """In bounded time; the report says where it may be."""
    cluster["n2"].freeze()
    began = time.monotonic()

    status, nodes = inspect(SID)

    assert time.monotonic() - began < 3.0
    assert (status, nodes["n1"]["problem"], nodes["n2"]["problem"]) == (1, None, "no answer within 0.5 s")
    assert main(["inspect", SID, "--nodes", cluster.addresses]) == 1
    assert capsys.readouterr().out.endswith("not found, and no answer from n2: it may be there\n")


def test_inspect_finds_a_session_although_another_node_is_down(cluster: Cluster, inspect: Inspect) -> None:
    """That is an answer."""
    client = Client()
    client.write(cluster.server(), user="Ada")
    cluster.kill(cluster.other(client.node))

    status, nodes = inspect(client.cookie)

    assert status == 0
    assert nodes[client.node]["copy"]["kind"] == "session"
    assert "is memcached running there?" in nodes[cluster.other(client.node)]["problem"]


def test_inspect_leaves_the_nodes_as_they_were(cluster: Cluster, inspect: Inspect) -> None:
    """Life, use and order of use of the item stay the same, and nothing is stored or touched anywhere."""
    _put(cluster["n1"], KEY, b"value")
    before = cluster["n1"].say(f"me {KEY}\r\n".encode())
    assert b"fetch=no" in before
    time.sleep(1.1)  # memcached counts seconds: a read within one changes nothing that can be seen

    inspect(SID)

    after = cluster["n1"].say(f"me {KEY}\r\n".encode())
    assert b"fetch=no" in after
    assert b" la=0 " not in after  # it was last used before we came
    assert cluster.counts("cmd_set") == 1
    assert cluster.counts("cmd_touch", "delete_hits", "delete_misses", "touch_misses") == 0
    assert cluster.counts("curr_items") == 1


@pytest.mark.parametrize("given", ["id", "standard input", "key", "digits"])
def test_inspect_takes_an_id_or_a_key(
    given: str, cluster: Cluster, inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id with node and route, the key with or without its prefix."""
    client = Client()
    client.write(cluster.server(storage_key_prefix="shop:"), user="Ada")
    key = storage_key(client.sid, "shop:")
    assert client.cookie
    monkeypatch.setattr(sys, "stdin", io.StringIO(f" {client.cookie}\r\n"))
    text = {"id": client.cookie, "standard input": "-", "key": key, "digits": key.removeprefix("shop:")}[given]

    status, nodes = inspect(text, "--storage-key-prefix", "shop:")

    assert status == 0
    assert nodes[client.node]["copy"]["kind"] == "session"


@pytest.mark.parametrize(
    "text", ["", "admin", SID[:-1], f"{SID}!", f"{SID}-N1", "a b" + "0" * 40, KEY.upper(), "k" * 251]
)
def test_inspect_of_what_is_neither_id_nor_key_asks_no_node(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped id is still most of a secret: it is not told to the nodes, nor to a log."""
    assert main(["inspect", text, "--nodes", "127.0.0.1:1"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "neither a session id" in printed.err
    assert not text or text not in printed.err


def test_inspect_knows_classes_of_the_application_by_its_converters(cluster: Cluster, tmp_path: Path) -> None:
    """Without them the report names the tag; with them and their module's folder it shows the object."""
    (tmp_path / "shop.py").write_text(SHOP)
    environ = {"MEMCACHED_SESSIONS_NODES": cluster.addresses, "PYTHONPATH": str(tmp_path)}
    with_shop = environ | {"MEMCACHED_SESSIONS_CUSTOM_CONVERTERS": "shop:register_converters"}
    command = [PROGRAM, "inspect", "-", "--values"]

    def run(command: list[str | Path], environ: dict[str, str], given: str = "") -> str:
        return subprocess.run(command, env=environ, input=given, capture_output=True, text=True, check=True).stdout

    session_id = run([sys.executable, "-c", STORE_AN_ITEM], with_shop)
    unknown, known = run(command, environ, session_id), run(command, with_shop, session_id)

    assert "no class is registered under the tag 'shop.Item'" in unknown
    assert re.search(r"\n  item +shop\.Item +\d+  Item\(.*tea.*3.*\)\n", known)


def test_inspect_shows_values_of_a_library_that_the_application_uses(cluster: Cluster) -> None:
    """The command imports it, since the session names it."""
    client = Client()
    client.write(cluster.server(), total=numpy.float32(1.5), note=Markup("<b>"))

    command = [PROGRAM, "inspect", client.cookie, "--nodes", cluster.addresses, "--values"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert re.search(r"\n  total +numpy\.float32 +\d+  float32\(1\.5\)\n", shown)
    assert "markupsafe.Markup" in shown


def test_inspect_with_converters_that_cannot_be_imported_says_where_to_name_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python does not look where the command is run."""
    monkeypatch.setenv("MEMCACHED_SESSIONS_CUSTOM_CONVERTERS", "no_such_shop:register")

    assert main(["inspect", SID, "--nodes", "127.0.0.1:1"]) == 2
    assert "custom converter 'no_such_shop:register' cannot be imported" in (printed := capsys.readouterr().err)
    assert "PYTHONPATH" in printed


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_no_item_is_an_error_or_reaches_the_terminal_unescaped(data: st.DataObject) -> None:
    """Whatever has become of a session's bytes, and whoever has stored others."""
    codec = SessionCodec(SEARCHABLE)
    stored, flags = _sealed(codec)
    value = bytearray(stored)
    for position in data.draw(st.lists(st.integers(0, len(value) - 1), max_size=4)):
        value[position] = data.draw(st.integers(0, 255))
    item = Item(Cas(1, "g"), flags, None, bytes(value)[: data.draw(st.integers(0, len(value)))])
    item = data.draw(st.sampled_from([item, Item(Cas(1, "g"), 0, 5, data.draw(st.binary(max_size=99)))]))

    copy = copy_of(KEY, item, codec, SEARCHABLE, value_limit=100)

    lines = inspect_text(KEY, [Finding("n1", "primary", "a:1", None, copy)])
    assert all(line.isprintable() for line in lines)
    assert (copy.problem is None) == (copy.attributes is not None)


def _sealed(codec: SessionCodec) -> tuple[bytes, int]:
    vector = VersionVector(((7, 1),))
    header = Header(
        created=0,
        accessed=0,
        idle=1800,
        absolute=None,
        counter=1,
        vector=vector,
        dead=False,
        touch_interval=450,
        serializer="compact",
    )
    payload = codec.encode({HOSTILE: [HOSTILE, b"\x1b[31m", 1.5], "user": {"name": "Ada"}})
    return codec.envelopes.seal(KEY, header, payload), client_flags(vector, dead=False)


@pytest.mark.parametrize(
    ("text", "key"),
    [(SID, KEY), (f"{SID}-n1.app1~x", KEY), (KEY, KEY), (f"other:{KEY}", f"other:{KEY}"), (f"{SID}x", None)],
)
def test_a_text_stands_for_a_key(text: str, key: str | None) -> None:
    """Without a prefix in the settings a key is one with any prefix."""
    assert key_of(text, "") == key
