"""``memcached-sessions nodes``: what nodes say, what is wrong with them, and that they are left as they were."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import Certificates
from cluster import Client, Cluster
from memcached_process import MemcachedProcess, StartMemcached
from scripted_server import SETTINGS, ScriptedServer

from memcached_sessions.manager.admin.cli import main

PROGRAM = Path(sys.executable).parent / "memcached-sessions"
GENERATION_COMMAND = b"mg memcached-sessions:generation v c f t u"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as nodes:
        yield nodes


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODES", "MEMCACHED_NODES", "FAILOVER_NODES"):
        monkeypatch.delenv(f"MEMCACHED_SESSIONS_{name}", raising=False)


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Run the command, and return its status and what it says of each node."""
    status = main(["nodes", "--json", *arguments])
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["command"]) == (1, "nodes")
    return status, document["nodes"]


def test_nodes_shows_a_line_for_each_node(cluster: Cluster) -> None:
    """By the installed program, with settings of the environment."""
    environ = {"MEMCACHED_SESSIONS_NODES": cluster.addresses, "MEMCACHED_SESSIONS_FAILOVER_NODES": "n2"}

    done = subprocess.run([PROGRAM, "nodes"], env=environ, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    headings, _, first, second = done.stdout.splitlines()
    assert headings.split()[:4] == ["node", "role", "address", "usable"]
    assert first.split()[:5] == ["n1", "primary", f"127.0.0.1:{cluster['n1'].port}", "yes", "1.6.18"]
    assert second.split()[:4] == ["n2", "failover", f"127.0.0.1:{cluster['n2'].port}", "yes"]


def test_nodes_as_json_has_what_the_server_says(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """All of its fields, in the server's own numbers."""
    Client().write(cluster.server(), user="Ada")
    said = cluster["n1"].statistics()

    status, (report, _) = _json(capsys, "--nodes", cluster.addresses)

    assert status == 0
    assert (report["node"], report["role"], report["reachable"], report["usable"]) == ("n1", "primary", True, True)
    assert (report["problem"], report["tls"]) == (None, None)
    assert report["version"] == said["version"]
    assert report["item_limit"] == 2**20
    assert (report["items"], report["memory"]) == (int(said["curr_items"]), int(said["bytes"]))
    assert (report["memory_limit"], report["max_connections"]) == (64 * 2**20, 1024)
    assert 0 <= report["uptime"] - int(said["uptime"]) <= 60
    assert report["evictions"] == 0
    assert report["connections"] >= 1
    assert report["generation"].encode() in cluster["n1"].say(b"mg memcached-sessions:generation v\r\n")


def test_nodes_writes_no_generation_to_a_node_that_has_none(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """The node can be used all the same, and has not even been asked to store."""
    status, reports = _json(capsys, "--nodes", cluster.addresses)

    assert status == 0
    assert [(report["usable"], report["generation"], report["items"]) for report in reports] == [(True, None, 0)] * 2
    assert all(node.statistics()["cmd_set"] == "0" for node in cluster.nodes.values())
    assert main(["nodes", "--nodes", cluster.addresses]) == 0
    assert capsys.readouterr().out.splitlines()[2].endswith("  none yet")


def test_nodes_fails_if_a_primary_is_down(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """What can be said of the others is said, and what is wrong."""
    cluster.kill("n2")

    status = main(["nodes", "--nodes", cluster.addresses])

    *rows, empty, problem = capsys.readouterr().out.splitlines()
    assert status == 1
    assert rows[-2].split()[3] == "yes"
    assert rows[-1].split()[3:] == ["unreachable"]
    assert empty == ""
    assert problem == "n2  unreachable: [Errno 111] Connection refused: is memcached running there?"


def test_nodes_succeeds_if_only_a_failover_node_is_down(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """Sessions are kept where they belong; the report says so of the other node."""
    cluster.kill("n2")

    status, reports = _json(capsys, "--nodes", cluster.addresses, "--failover-nodes", "n2")

    assert status == 0
    assert [(report["role"], report["reachable"]) for report in reports] == [("primary", True), ("failover", False)]


def test_nodes_waits_for_frozen_nodes_no_longer_than_once(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """All at the same time, for the operation timeout."""
    for node in cluster.nodes.values():
        node.freeze()
    began = time.monotonic()

    status, reports = _json(capsys, "--nodes", cluster.addresses)

    assert time.monotonic() - began < 3.0
    assert status == 1
    assert [report["problem"] for report in reports] == ["no answer within 0.5 s"] * 2


def test_nodes_over_tls_shows_version_and_cipher(
    start_memcached: StartMemcached, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the certificate authority from the file of settings; without it the node is not trusted."""
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        memcached, certificates = _tls_memcached(start_memcached, Path(folder))
        nodes = f'memcached_nodes = "tls://localhost:{memcached.port}"\n'
        config = tmp_path / "sessions.toml"
        config.write_text(f'[memcached-sessions]\n{nodes}tls_ca_file = "{certificates.file("authority.pem")}"\n')

        status, (report,) = _json(capsys, "--config", str(config))
        untrusted, (refused,) = _json(capsys, "--nodes", f"tls://localhost:{memcached.port}")

        assert (status, report["usable"]) == (0, True)
        assert report["tls"]["version"].startswith("TLSv1.")
        assert report["tls"]["cipher"]
        assert (untrusted, refused["reachable"]) == (1, False)
        assert "certificate verify failed" in refused["problem"]
        assert main(["nodes", "--config", str(config)]) == 0
        assert report["tls"]["cipher"] in capsys.readouterr().out


def _tls_memcached(start_memcached: StartMemcached, folder: Path) -> tuple[MemcachedProcess, Certificates]:
    program = shutil.which("memcached")
    assert program
    built = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    if shutil.which("openssl") is None or "--enable-ssl" not in built:
        pytest.skip("needs the openssl program, and a memcached that was built with TLS")
    certificates = Certificates(folder)
    files = f"ssl_chain_cert={certificates.file('server.pem')},ssl_key={certificates.file('server.key')}"
    return start_memcached("-Z", "-o", files), certificates


def test_nodes_with_a_file_for_tls_that_is_none_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the settings, with the file."""
    authority = tmp_path / "authority.pem"
    authority.write_text("no certificate")
    config = tmp_path / "sessions.toml"
    config.write_text(f'[memcached-sessions]\nmemcached_nodes = "tls://localhost:1"\ntls_ca_file = "{authority}"\n')

    assert main(["nodes", "--config", str(config)]) == 2
    assert f"TLS cannot be set up with tls_ca_file={authority}: " in capsys.readouterr().err


def test_nodes_over_a_unix_socket(start_memcached: StartMemcached, capsys: pytest.CaptureFixture[str]) -> None:
    """By its path."""
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        Path(folder).chmod(0o777)
        socket = f"{folder}/memcached.sock"
        start_memcached(unix_socket=socket)

        status, (report,) = _json(capsys, "--nodes", f"unix:{socket}")

        assert (status, report["address"], report["usable"]) == (0, f"unix:{socket}", True)


def test_nodes_that_ask_for_a_password(
    start_memcached: StartMemcached, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With it they answer; without it the report says what is missing."""
    with tempfile.TemporaryDirectory(prefix="ms-") as folder:
        Path(folder).chmod(0o755)
        users = Path(folder) / "users"
        users.write_text("app:secret\n")
        users.chmod(0o644)
        nodes = f"127.0.0.1:{start_memcached('-Y', str(users)).port}"
        config = tmp_path / "sessions.toml"
        config.write_text(f'[memcached-sessions]\nmemcached_nodes = "{nodes}"\nusername = "app"\npassword = "secret"\n')

        status, (report,) = _json(capsys, "--config", str(config))
        refused_status, (refused,) = _json(capsys, "--nodes", nodes)

        assert (status, report["usable"]) == (0, True)
        assert (refused_status, refused["reachable"]) == (1, False)
        assert "check username and password" in refused["problem"]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"version": (b"VERSION 1.4.39\r\n",)}, "memcached 1.6.13 or newer is needed, this is version '1.4.39'"),
        (
            {"settings": (SETTINGS.replace(b"cas_enabled yes", b"cas_enabled no"),)},
            "it has no CAS: start it without -C",
        ),
        ({"generation": (b"ERROR\r\n",)}, "without meta commands"),
    ],
)
def test_nodes_that_sessions_cannot_use_are_reachable_and_fail(
    answers: dict[str, Any], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Monitoring has to notice; what they say of themselves is shown."""
    with ScriptedServer((b"STAT uptime 7\r\nSTAT evictions 3\r\nEND\r\n",), **answers) as server:
        server.greeting[GENERATION_COMMAND] = answers.get("generation", (b"EN\r\n",))

        status, (report,) = _json(capsys, "--nodes", f"127.0.0.1:{server.address[1]}")

    assert (status, report["reachable"], report["usable"]) == (1, True, False)
    assert problem in report["problem"]
    assert (report["uptime"], report["evictions"], report["items"], report["item_limit"]) == (7, 3, None, None)


def test_nodes_that_lie_cannot_touch_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a server calls itself and says, control characters are escaped, and absurd numbers unknown."""
    statistics = b"STAT uptime " + b"9" * 5000 + b"\r\nSTAT curr_items \xb2\r\nSTAT evictions \x1b[2J\r\nEND\r\n"
    with ScriptedServer((statistics,), version=(b"VERSION \x1b[31m1.6\r\n",)) as server:
        status = main(["nodes", "--nodes", f"127.0.0.1:{server.address[1]}"])

    printed = capsys.readouterr().out
    assert status == 1
    assert "\\x1b[31m1.6" in printed
    assert printed.replace("\n", "").isprintable()


def test_nodes_in_memory_cannot_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """They are in another process."""
    status, (report,) = _json(capsys, "--nodes", "memory://")

    assert (status, report["reachable"]) == (1, False)
    assert "in the memory of the application's process" in report["problem"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["noodles"],
        ["nodes", "--node", "a:1"],  # no abbreviations: another option may come to begin with the same letters
        ["0123456789abcdef0123456789abcdef-n1"],
        ["nodes", "0123456789abcdef0123456789abcdef-n1"],
    ],
)
def test_wrong_arguments_end_with_2_and_name_no_id(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Where a script runs the command, standard error is a log."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    printed = capsys.readouterr()
    assert caught.value.code == 2
    assert printed.out == ""
    assert printed.err
    assert "0123456789abcdef" not in printed.err


def test_no_nodes_at_all_is_an_error_that_says_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    """To standard error, without a traceback."""
    assert main(["nodes"]) == 2
    assert capsys.readouterr().err == (
        "memcached-sessions: no nodes: give --nodes, --config FILE.toml, or set MEMCACHED_SESSIONS_NODES\n"
    )


def test_a_reader_that_has_seen_enough_is_no_error(cluster: Cluster) -> None:
    """As in ``memcached-sessions nodes | head -1``."""
    command = [PROGRAM, "nodes", "--nodes", cluster.addresses]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(timeout=20) == 141
