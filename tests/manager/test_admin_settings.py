"""Where the command line takes its settings from, and that errors name the place and no secret."""

from pathlib import Path

import pytest

from memcached_sessions.manager.admin.command_settings import GivenOptions, settings_for
from memcached_sessions.manager.errors import ConfigurationError

KEY, OTHER_KEY = "0123456789abcdef, and more", "another key of this application"
NODES = {"MEMCACHED_SESSIONS_NODES": "n1:a:1 n2:b:1", "MEMCACHED_SESSIONS_FAILOVER_NODES": "n2"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file of settings."""
    file = tmp_path / "sessions.toml"
    file.write_text(
        '[memcached-sessions]\nmemcached_nodes = "n1:file:1 n2:file:2"\nfailover_nodes = "n1"\n'
        f'storage_key_prefix = "file:"\nsigning_keys = ["{OTHER_KEY}"]\n'
    )
    return file


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file of two keys."""
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\r\n\n  {OTHER_KEY}  \n")
    return file


def test_without_options_the_environment_is_used() -> None:
    """As by the application."""
    settings = settings_for(GivenOptions(), NODES | {"MEMCACHED_SESSIONS_STORAGE_KEY_PREFIX": "env:"})

    assert [node.name for node in settings.node_list.primaries] == ["n1"]
    assert settings.storage_key_prefix == "env:"


def test_with_a_file_the_environment_is_not_looked_at(config: Path) -> None:
    """Not even where it is wrong."""
    settings = settings_for(GivenOptions(config=config), {"MEMCACHED_SESSIONS_STICKY": "?"})

    assert settings.memcached_nodes == "n1:file:1 n2:file:2"


@pytest.mark.parametrize("source", ["file", "environment"])
def test_options_stand_before_file_and_environment(source: str, config: Path, key_file: Path) -> None:
    """Each of them."""
    options = GivenOptions(
        config=config if source == "file" else None,
        nodes="n5:c:1 n6:d:1",
        failover_nodes="n6",
        storage_key_prefix="option:",
        signing_key_file=key_file,
    )

    settings = settings_for(options, NODES)

    assert [node.name for node in settings.node_list.primaries] == ["n5"]
    assert settings.storage_key_prefix == "option:"
    assert settings.mac_keys == (KEY.encode(), OTHER_KEY.encode())


@pytest.mark.parametrize("source", ["file", "environment"])
def test_nodes_of_an_option_are_all_nodes(source: str, config: Path) -> None:
    """Failover nodes of elsewhere would be names of other nodes."""
    settings = settings_for(GivenOptions(config=config if source == "file" else None, nodes="host:1"), NODES)

    assert [node.label for node in settings.node_list.nodes] == ["host:1"]
    assert not settings.node_list.failover


def test_failover_nodes_of_an_option_choose_among_those_of_the_environment() -> None:
    """Where only they are given."""
    settings = settings_for(GivenOptions(failover_nodes="n1"), NODES)

    assert settings.node_list.failover == {"n1"}


def test_keys_of_an_option_are_keys_for_pickle(key_file: Path) -> None:
    """The environment without them would be refused."""
    environ = NODES | {"MEMCACHED_SESSIONS_SERIALIZER": "pickle"}

    assert settings_for(GivenOptions(signing_key_file=key_file), environ).mac_keys[0] == KEY.encode()
    with pytest.raises(ConfigurationError, match="pickle"):
        settings_for(GivenOptions(), environ)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (GivenOptions(), r"no nodes: give --nodes, --config FILE\.toml, or set MEMCACHED_SESSIONS_NODES"),
        (GivenOptions(nodes="a:1 b:1"), r"^--nodes: memcached_nodes cannot be 'a:1', among several nodes each needs"),
        (GivenOptions(nodes="n1:a:1 n2:b:1", failover_nodes="n3"), r"^--failover-nodes: .* there is no node n3"),
        (
            GivenOptions(nodes="a:1", storage_key_prefix="a b"),
            "^--storage-key-prefix: storage_key_prefix cannot be 'a b'",
        ),
        (GivenOptions(config=Path("missing.toml")), r"missing\.toml: cannot be read as TOML"),
        (GivenOptions(nodes="a:1", signing_key_file=Path("missing")), "^--signing-key-file: missing cannot be read"),
    ],
)
def test_an_error_names_the_option_that_is_wrong(options: GivenOptions, message: str) -> None:
    """In the words of the command line."""
    with pytest.raises(ConfigurationError, match=message):
        settings_for(options, {})


def test_failover_nodes_that_the_file_does_not_have_are_an_error_of_the_option(config: Path) -> None:
    """The option, and not the file, is wrong."""
    with pytest.raises(ConfigurationError, match=r"^--failover-nodes: .* there is no node n9"):
        settings_for(GivenOptions(config=config, failover_nodes="n9"), {})


@pytest.mark.parametrize(("content", "message"), [("\n \n", "holds no key"), ("too short", "signing_keys cannot be")])
def test_an_error_about_keys_shows_none(tmp_path: Path, content: str, message: str) -> None:
    """Errors end in logs."""
    file = tmp_path / "keys"
    file.write_text(content)

    with pytest.raises(ConfigurationError, match=f"^--signing-key-file: .*{message}") as caught:
        settings_for(GivenOptions(nodes="a:1", signing_key_file=file), {})

    assert "too short" not in str(caught.value)
