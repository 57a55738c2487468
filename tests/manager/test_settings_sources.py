"""Settings from TOML files and from the environment: each of them, and each error with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from memcached_sessions.manager.errors import ConfigurationError
from memcached_sessions.manager.settings import Settings
from memcached_sessions.manager.settings_sources import settings_from_environment, settings_from_toml

KEY = "0123456789abcdef"
NAMES = list(Settings.rules_by_name())
WRONG_TEXT = "( :"
"""No setting can be this."""


def others(tmp_path: Path) -> dict[str, tuple[Any, str]]:
    """Return for each setting a value, as unlike its default as it may be, and the environment's text for it.

    All of them go together.
    """
    file = tmp_path / "pem"
    file.touch()
    return {
        "memcached_nodes": ("n1:tls://a:1 n2:b:2", "n1:tls://a:1 n2:b:2"),
        "failover_nodes": ("n1", "n1"),
        "sticky": (True, "yes"),
        "enabled": (False, "0"),
        "dry_run": (True, "yes"),
        "serializer": ("pickle", "pickle"),
        "custom_converters": (("shop.sessions:register", "a:b"), "shop.sessions:register, a:b"),
        "accept_serializers": (("json", "msgpack"), "json,msgpack"),
        "on_undecodable": ("keep", "keep"),
        "signing_keys": ((KEY, f"old {KEY}"), f"{KEY}, old {KEY}"),
        "compression": ("zlib", "ZLIB"),
        "max_session_bytes": (500_000, "500_000"),
        "session_attribute_filter": ("cart|user", "cart|user"),
        "storage_key_prefix": ("shop:", "shop:"),
        "session_backup_async": (True, "Yes"),
        "session_backup_timeout": (1, "1"),
        "operation_timeout": (0.125, "0.125"),
        "connect_timeout": (1.5, "1.5"),
        "max_pool_size": (8, "8"),
        "backup_thread_count": (3, "3"),
        "backup_queue_size": (77, "77"),
        "copies": (1, "1"),
        "on_conflict": ("merge", "merge"),
        "locking_mode": ("none", "NONE"),
        "lock_expiration": (7.5, "7.5"),
        "max_inactive_interval": (900, "900"),
        "absolute_timeout": (86_400, "86400"),
        "max_local_sessions": (10, "10"),
        "max_local_bytes": (1_000_000, "1000000"),
        "route": ("app-1", "app-1"),
        "freshness": ("trust", "trust"),
        "local_trust": (0, "0"),
        "quiet_window": (30.5, "30.5"),
        "request_uri_ignore_pattern": (r"/static/.*|.*\.ico", r"/static/.*|.*\.ico"),
        "enable_statistics": (False, "false"),
        "cookie_name": ("__Host-id", "__Host-id"),
        "cookie_domain": (None, "none"),
        "cookie_path": ("/", "/"),
        "cookie_httponly": (False, "FALSE"),
        "cookie_samesite": ("None", "none"),
        "cookie_secure": (True, "1"),
        "cookie_partitioned": (True, "true"),
        "username": ("bob", "bob"),
        "password": ("hush", "hush"),
        "tls_ca_file": (str(file), str(file)),
        "tls_certificate_file": (str(file), str(file)),
        "tls_key_file": (str(file), str(file)),
        "tls_check_hostname": (False, "no"),
        "warn_without_tls": (False, "no"),
    }


def made(**values: Any) -> Settings:
    return Settings(**{"memcached_nodes": "memory://", **values})


def write_toml(path: Path, values: dict[str, Any]) -> Path:
    """Write settings as TOML, whose texts, numbers, booleans and arrays are those of JSON; None is written ``none``."""
    lines = [f"{name} = {json.dumps('none' if value is None else value)}" for name, value in values.items()]
    path.write_text("\n".join(["[other]", "stiky = 7", "[memcached-sessions]", *lines]), encoding="utf-8")
    return path


def test_no_setting_is_left_out_of_these_tests(tmp_path: Path) -> None:
    """The table of values names each setting."""
    assert list(others(tmp_path)) == NAMES


def test_every_setting_can_come_from_a_toml_file(tmp_path: Path) -> None:
    """The counterpart of msm's context.xml; other tables of the file are somebody else's."""
    values = {name: value for name, (value, _) in others(tmp_path).items()}

    settings = settings_from_toml(write_toml(tmp_path / "sessions.toml", values))

    assert settings == Settings(**values)


def test_every_setting_can_come_from_the_environment(tmp_path: Path) -> None:
    """Each is parsed by what the setting is."""
    table = others(tmp_path)
    environ = {f"MEMCACHED_SESSIONS_{name.upper()}": text for name, (_, text) in table.items()}

    settings = settings_from_environment({"PATH": "/bin", "STICKY": "no", **environ})

    assert settings == Settings(**{name: value for name, (value, _) in table.items()})


def test_the_environment_of_the_process_is_read_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """NODES is short for MEMCACHED_NODES, and COMPACT is the serializer's own."""
    monkeypatch.setenv("MEMCACHED_SESSIONS_NODES", "memory://")
    monkeypatch.setenv("MEMCACHED_SESSIONS_COMPACT", "python")
    monkeypatch.setenv("MEMCACHED_SESSIONS_MAX_INACTIVE_INTERVAL", "None")

    assert settings_from_environment() == made(max_inactive_interval=None)


def test_another_prefix_tells_two_applications_apart() -> None:
    """The variables of one are nothing to the other."""
    environ = {"SHOP_NODES": "memory://shop", "SHOP_ROUTE": "app1", "MEMCACHED_SESSIONS_STIKY": "1"}

    assert settings_from_environment(environ, prefix="SHOP_") == made(memcached_nodes="memory://shop", route="app1")


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_variable_is_refused_with_its_name(name: str) -> None:
    """Text that stands for no value is not taken for one."""
    variable = f"MEMCACHED_SESSIONS_{name.upper()}"

    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment({"MEMCACHED_SESSIONS_MEMCACHED_NODES": "memory://", variable: WRONG_TEXT})

    assert str(caught.value).startswith(f"{variable}: {name} cannot be ")
    assert "; allowed: " in str(caught.value)
    assert (WRONG_TEXT in str(caught.value)) == (name not in {"password", "signing_keys", "memcached_nodes"})


@pytest.mark.parametrize("name", sorted({*NAMES} - {"storage_key_prefix", "failover_nodes"}))
def test_an_empty_variable_is_no_default(name: str) -> None:
    """A secret that was not mounted must not leave sessions unsigned."""
    environ = {"MEMCACHED_SESSIONS_MEMCACHED_NODES": "memory://", f"MEMCACHED_SESSIONS_{name.upper()}": ""}

    with pytest.raises(ConfigurationError, match=f"{name} cannot be"):
        settings_from_environment(environ)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"MEMCACHED_SESSIONS_STIKY": "hush"},
            "MEMCACHED_SESSIONS_STIKY: there is no setting stiky; did you mean sticky?",
        ),
        (
            {"MEMCACHED_SESSIONS_NODE": "hush"},
            "MEMCACHED_SESSIONS_NODE: there is no setting node; did you mean nodes?",
        ),
        ({"MEMCACHED_SESSIONS_sticky": "1"}, "MEMCACHED_SESSIONS_sticky: there is no setting sticky"),
        (
            {"MEMCACHED_SESSIONS_NODES": "a", "MEMCACHED_SESSIONS_MEMCACHED_NODES": "a"},
            "MEMCACHED_SESSIONS_NODES and MEMCACHED_SESSIONS_MEMCACHED_NODES are the same setting",
        ),
        ({"MEMCACHED_SESSIONS_NODES": "http://a"}, "MEMCACHED_SESSIONS_NODES: memcached_nodes cannot be 'http://a'"),
        ({"MEMCACHED_SESSIONS_ROUTE": "a"}, "environment variables MEMCACHED_SESSIONS_...: memcached_nodes is missing"),
        (
            {"MEMCACHED_SESSIONS_NODES": "a", "MEMCACHED_SESSIONS_FRESHNESS": "trust"},
            "MEMCACHED_SESSIONS_FRESHNESS: freshness cannot be 'trust', without route",
        ),
    ],
)
def test_variables_are_refused_that_make_no_settings(environ: dict[str, str], message: str) -> None:
    """Nothing under the prefix is ignored, and what is wrong can be found."""
    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment(environ)

    assert str(caught.value).startswith(message)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("operation_timeout", '"5"'),
        ("operation_timeout", "true"),
        ("operation_timeout", "nan"),
        ("operation_timeout", "2024-01-01"),
        ("max_pool_size", "5.0"),
        ("copies", "true"),
        ("sticky", "1"),
        ("sticky", '"true"'),
        ("route", "7"),
        ("route", "[]"),
        ("signing_keys", f'"{KEY}"'),
        ("memcached_nodes", "11211"),
        ("memcached_nodes", "{ n1 = 'localhost' }"),
        ("cookie_samesite", '"none"'),
        ("storage_key_prefix", "['none']"),
    ],
)
def test_a_value_of_another_type_in_a_toml_file_is_refused(tmp_path: Path, name: str, literal: str) -> None:
    """Nothing is converted: what is written is what is meant."""
    file = tmp_path / "sessions.toml"
    nodes = "" if name == "memcached_nodes" else 'memcached_nodes = "memory://"'
    file.write_text(f"[memcached-sessions]\n{nodes}\n{name} = {literal}", encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        settings_from_toml(file)

    assert str(caught.value).startswith(f"{file}, [memcached-sessions]: {name} cannot be ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": the settings go into a table [memcached-sessions], which is not there"),
        (b"memcached-sessions = 7", ": the settings go into a table [memcached-sessions], which is not there"),
        (b"[[memcached-sessions]]", ": the settings go into a table [memcached-sessions], which is not there"),
        (b"[memcached-sessions]", ", [memcached-sessions]: memcached_nodes is missing"),
        (b"[memcached-sessions", ": cannot be read as TOML: "),
        (b"[memcached-sessions]\nroute = '\xff'", ": cannot be read as TOML: "),
        (
            b"[memcached-sessions]\nmemcached_nodes = 'memory://'\nrout = 'hush'",
            ", [memcached-sessions]: there is no setting rout; did you mean route?",
        ),
        (
            b"[memcached-sessions]\nmemcached_nodes = 'memory://'\n[memcached-sessions.cookie]\nname = 'hush'",
            ", [memcached-sessions]: there is no setting cookie",
        ),
        (
            b"[memcached-sessions]\nmemcached_nodes = 'memory://'\nfreshness = 'trust'",
            ", [memcached-sessions]: freshness cannot be 'trust', without route",
        ),
    ],
)
def test_a_toml_file_is_refused_with_its_name(tmp_path: Path, content: bytes, message: str) -> None:
    """Whatever is wrong with it, the message says which file."""
    file = tmp_path / "sessions.toml"
    file.write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        settings_from_toml(file)

    assert str(caught.value).startswith(f"{file}{message}")
    assert "hush" not in str(caught.value)


def test_a_toml_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing file is a wrong setting too, not another kind of error."""
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read as TOML: .*No such file"):
        settings_from_toml(str(tmp_path / "nowhere.toml"))
