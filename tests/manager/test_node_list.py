"""The list of nodes: every syntax, every refusal, and the order in which sessions use the nodes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.manager.errors import ConfigurationError
from memcached_sessions.manager.node_list import Address, Node, NodeList, parse_node_list
from memcached_sessions.manager.session_id import NODE_NAME

THREE = "n1:10.0.0.1:11211 n2:10.0.0.2:11211 n3:10.0.0.3:11211"
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?"


def tcp(host: str, port: int = 11211) -> Address:
    return Address("tcp", host=host, port=port)


def tls(host: str, port: int = 11211) -> Address:
    return Address("tls", host=host, port=port)


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("localhost:11212", [("", tcp("localhost", 11212))]),
        ("localhost", [("", tcp("localhost"))]),
        ("Cache1.Example.com:1", [("", tcp("cache1.example.com", 1))]),
        ("n1:localhost:65535", [("n1", tcp("localhost", 65535))]),
        ("n1:11211", [("", tcp("n1"))]),
        ("tls://cache1:11212", [("", tls("cache1", 11212))]),
        ("TLS://cache1", [("", tls("cache1"))]),
        ("n1:tls://cache1", [("n1", tls("cache1"))]),
        ("n1:tls://[2001:db8::1]:11212", [("n1", tls("2001:db8::1", 11212))]),
        ("[::1]:11212", [("", tcp("::1", 11212))]),
        ("[0:0:0:0:0:0:0:1]", [("", tcp("::1"))]),
        ("n1:[::1]", [("n1", tcp("::1"))]),
        ("n1:[fe80::1%Eth0]:11212", [("n1", tcp("fe80::1%Eth0", 11212))]),
        ("/run/m.sock", [("", Address("unix", path="/run/m.sock"))]),
        ("unix:/run/m.sock", [("", Address("unix", path="/run/m.sock"))]),
        ("unix:///run/m.sock", [("", Address("unix", path="/run/m.sock"))]),
        ("n1:/run/m:1.sock", [("n1", Address("unix", path="/run/m:1.sock"))]),
        ("n1:unix:/run/m.sock", [("n1", Address("unix", path="/run/m.sock"))]),
        ("unix:unix:/run/m.sock", [("unix", Address("unix", path="/run/m.sock"))]),
        ("unix:11211", [("", tcp("unix"))]),
        ("memory://", [("", Address("memory"))]),
        ("n1:memory://tests", [("n1", Address("memory", host="tests"))]),
        ("n1:a:1 n2:b:2", [("n1", tcp("a", 1)), ("n2", tcp("b", 2))]),
        ("n1:a:1,n2:b:2", [("n1", tcp("a", 1)), ("n2", tcp("b", 2))]),
        (" n1:a:1 ,\n n2:b:2,", [("n1", tcp("a", 1)), ("n2", tcp("b", 2))]),
        (["n1:a:1", "n2:b:2 n3:c:3"], [("n1", tcp("a", 1)), ("n2", tcp("b", 2)), ("n3", tcp("c", 3))]),
    ],
)
def test_nodes_are_read_in_the_order_in_which_they_are_written(
    text: str | list[str], nodes: list[tuple[str, Address]]
) -> None:
    """Checklist lines 8 and 9 (adapted: no http addresses): every syntax, with its names and addresses in order."""
    assert [(node.name, node.address) for node in parse_node_list(text).nodes] == nodes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it names no node"),
        (" , ", "it names no node"),
        ([], "it names no node"),
        (None, "allowed"),
        (7, "allowed"),
        (b"localhost:11211", "allowed"),
        (["localhost:11211", 7], "allowed"),
        ({"n1": "localhost:11211"}, "allowed"),
        ("N1:localhost:11211", "'N1' is no name of a node"),
        ("n_1:localhost:11211", "'n_1' is no name of a node"),
        (":localhost:11211", "'' is no name of a node"),
        (f"{'n' * 17}:localhost:11211", "is no name of a node"),
        ("n1:a:1 n1:b:2", "the name n1 is given twice"),
        ("n1:a:1 n2:a:1", "the address is given twice"),
        ("n1:a:1 n2:A:1", "the address is given twice"),
        ("n1:a:1 n2:tls://a:1", "the address is given twice"),
        ("n1:[::1] n2:[0::1]:11211", "the address is given twice"),
        ("n1:/run/m.sock n2:unix:/run/m.sock", "the address is given twice"),
        ("n1:memory:// n2:memory://", "the address is given twice"),
        ("a:1 b:2", "among several nodes each needs a name"),
        ("n1:a:1 b:2", "among several nodes each needs a name"),
        ("localhost:", "'' is no port"),
        ("localhost:0", "'0' is no port"),
        ("localhost:65536", "'65536' is no port"),
        ("localhost:-1", "'-1' is no port"),
        ("localhost:1_1", "'1_1' is no port"),
        ("localhost:\u0661", "is no port"),
        ("localhost:memcached", "'memcached' is no port"),
        ("n1:cache1", "'cache1' is no port"),
        ("n1:a:1:2", "'1:2' is no port"),
        ("n1:tls://a:b", "'b' is no port"),
        ("n1::11211", "'' is no host"),
        ("tls://", "'' is no host"),
        ("11211", "'11211' is no host"),
        ("10.0.0.256:11211", "'10.0.0.256' is no host"),
        ("10.0.1", "'10.0.1' is no host"),
        ("-a:1", "'-a' is no host"),
        ("a..b:1", "'a..b' is no host"),
        ("käse:1", "'käse' is no host"),
        ("a|b", "'a|b' is no host"),
        (f"{'a.' * 127}com:1", "is no host"),
        ("[::1", "'[' is no host"),
        ("[::1]x:1", "'[::1]x' is no host"),
        ("[10.0.0.1]:1", "'[10.0.0.1]' is no host"),
        ("[::g]:1", "'[::g]' is no host"),
        ("::1", "an IPv6 address goes in brackets"),
        ("2001:db8::1", "an IPv6 address goes in brackets"),
        ("http://cache1:8091/pools", "only memcached is supported, by tls:// or without a scheme, not http://"),
        ("redis://cache1:6379", "only memcached is supported, by tls:// or without a scheme, not redis://"),
        ("n1:rediss://cache1", "only memcached is supported, by tls:// or without a scheme, not rediss://"),
        ("n1://run/m.sock", "only memcached is supported"),
        ("unix://run/m.sock", "begins with one slash"),
        ("//run/m.sock", "begins with one slash"),
        ("unix:/", "begins with one slash"),
        (f"/{'é' * 54}", "at most 107 bytes"),
        ("/run/m\0.sock", "cannot be printed"),
        ("memory://a/b", "the name of a store in memory"),
        ("bob:secret@cache1:11211", "settings of their own"),
        ("n1:tls://bob:secret@cache1:11211", "settings of their own"),
    ],
)
def test_nodes_are_refused_that_cannot_be_read_in_one_way(text: object, reason: str) -> None:
    """Checklist line 7: what is empty, ambiguous, twice or no memcached is refused, with what is allowed."""
    with pytest.raises(ConfigurationError, match=re.escape(reason)) as caught:
        parse_node_list(text)  # type: ignore[arg-type]

    assert str(caught.value).startswith("memcached_nodes cannot be ")
    assert "allowed: host:port, [ipv6]:port, tls://host:port, unix:/path, memory://name" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_in_an_address_of_another_kind_is_not_shown() -> None:
    """Such addresses are common with other servers, and land in logs."""
    with pytest.raises(ConfigurationError, match=r"memcached_nodes cannot be '\*\*\*@cache1:6379'"):
        parse_node_list("redis://:secret@cache1:6379")


@pytest.mark.parametrize("failover", ["n1 n3", "n3,n1", ["n1", "n3"], ("n3", "n1", "n1")])
def test_failover_nodes_are_no_primaries(failover: str | list[str]) -> None:
    """Checklist line 8: counts, primaries and failover nodes."""
    nodes = parse_node_list(THREE, failover)

    assert len(nodes.nodes) == 3
    assert [node.name for node in nodes.primaries] == ["n2"]
    assert nodes.failover == {"n1", "n3"}


@pytest.mark.parametrize(
    ("text", "failover", "reason"),
    [
        ("localhost:11211", "n1", "there is a single node"),
        ("n1:localhost:11211", "n1", "there is a single node"),
        (THREE, "n4", "there is no node n4"),
        (THREE, "n1 n5 n4", "there is no node n4 or n5"),
        (THREE, "N1", "there is no node N1"),
        (THREE, "n1 n2 n3", "no primary is left"),
        (THREE, None, "allowed"),
        (THREE, 1, "allowed"),
        (THREE, [1], "allowed"),
    ],
)
def test_failover_nodes_are_refused_that_leave_nothing_to_fail_over_from(
    text: str, failover: object, reason: str
) -> None:
    """Checklist line 7: a single node has no failover node, named or not."""
    with pytest.raises(ConfigurationError, match=reason) as caught:
        parse_node_list(text, failover)  # type: ignore[arg-type]

    assert str(caught.value).startswith(f"failover_nodes cannot be {failover!r}")
    assert "allowed: names of nodes in memcached_nodes, not all of them" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"), [("localhost:11211", False), ("n1:localhost:11211", True), (THREE, True), ("memory://", False)]
)
def test_ids_have_a_node_part_only_where_nodes_have_names(text: str, *, named: bool) -> None:
    """Checklist line 11, in part."""
    assert parse_node_list(text).named is named


def test_messages_call_a_node_by_its_name_or_its_address() -> None:
    """A node without a name has to be called something."""
    assert parse_node_list("n1:localhost:11211").nodes[0].label == "n1"
    assert parse_node_list("tls://localhost").nodes[0].label == "tls://localhost:11211"


@pytest.mark.parametrize(
    ("failover", "home", "ring"),
    [
        ("", "n1", "n1 n2 n3 n4"),
        ("", "n3", "n3 n4 n1 n2"),
        ("", "n4", "n4 n1 n2 n3"),
        ("", "", "n1 n2 n3 n4"),
        ("", "n9", "n1 n2 n3 n4"),
        ("n1 n3", "n2", "n2 n4 n3 n1"),
        ("n1 n3", "n4", "n4 n2 n1 n3"),
        ("n1 n3", "n1", "n1 n2 n4 n3"),
        ("n1 n3", "n3", "n3 n4 n2 n1"),
        ("n1 n3", "", "n2 n4 n1 n3"),
        ("n1 n3", "n9", "n2 n4 n1 n3"),
    ],
)
def test_the_ring_begins_at_the_home_and_ends_with_failover_nodes(failover: str, home: str, ring: str) -> None:
    """Checklist line 10, in part: the primaries that follow come cyclically; an unknown home is none."""
    nodes = parse_node_list("n1:a:1 n2:b:1 n3:c:1 n4:d:1", failover)

    assert [node.name for node in nodes.ring(home)] == ring.split()


@pytest.mark.parametrize("text", ["localhost:11211", "n1:localhost:11211"])
@pytest.mark.parametrize("home", ["", "n1", "n2"])
def test_the_ring_of_a_single_node_is_that_node(text: str, home: str) -> None:
    """Checklist line 10, in part: nothing comes after the only node."""
    nodes = parse_node_list(text)

    assert nodes.ring(home) == nodes.nodes


hosts = st.one_of(
    st.from_regex(rf"{LABEL}(\.{LABEL}){{0,2}}", fullmatch=True).filter(lambda host: not host.split(".")[-1].isdigit()),
    st.ip_addresses().map(str),
)
ports = st.integers(1, 65535)
paths = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=","), max_size=25).map(
    lambda rest: f"/run{rest}"
)
addresses = st.one_of(
    st.builds(tcp, hosts, ports),
    st.builds(tls, hosts, ports),
    st.builds(Address, st.just("unix"), path=paths),
    st.builds(Address, st.just("memory"), host=st.from_regex(r"[A-Za-z0-9._-]{0,63}", fullmatch=True)),
)


def place(address: Address) -> tuple[str, ...]:
    return (address.path, address.host, str(address.port))


node_lists = st.lists(
    st.builds(Node, st.from_regex(NODE_NAME, fullmatch=True), addresses),
    min_size=1,
    max_size=5,
    unique_by=(lambda node: node.name, lambda node: place(node.address)),
)


@given(node_lists, st.data())
def test_nodes_are_read_as_they_were_written(nodes: list[Node], data: st.DataObject) -> None:
    """Format and parse are each other's inverse, whatever separates the nodes."""
    words = [f"{node.name}:{node.address}" for node in nodes]
    text = "".join(data.draw(st.sampled_from([" ", ",", ", ", "\n"])) + word for word in words)
    failover = data.draw(st.sets(st.sampled_from([node.name for node in nodes]), max_size=len(nodes) - 1))

    parsed = parse_node_list(text, sorted(failover))

    assert parsed == NodeList(tuple(nodes), frozenset(failover))
    assert parse_node_list(words) == parse_node_list(text)


@given(addresses)
def test_an_address_without_a_name_is_read_as_it_was_written(address: Address) -> None:
    """The text of an address alone is a list of one node."""
    assert parse_node_list(str(address)).nodes == (Node("", address),)


@given(node_lists, st.data())
def test_the_ring_holds_every_node_once_and_failover_nodes_last(nodes: list[Node], data: st.DataObject) -> None:
    """Wherever a session is at home, it can reach all nodes, and tries its home first."""
    names = [node.name for node in nodes]
    failover = frozenset(data.draw(st.sets(st.sampled_from(names), max_size=len(nodes) - 1)))
    home = data.draw(st.sampled_from([*names, "", "unknown"]))

    ring = [node.name for node in NodeList(tuple(nodes), failover).ring(home)]

    assert sorted(ring) == sorted(names)
    assert home not in names or ring[0] == home
    others = [name in failover for name in ring if name != home]
    assert others == sorted(others)


@given(
    st.text() | st.lists(st.sampled_from([*"n1:/[]@., %-_\n\0é", "tls://", "unix:", "memory://", "::1"])).map("".join)
)
def test_random_text_is_a_list_of_nodes_or_refused(text: str) -> None:
    """Nothing but a `ConfigurationError` comes out, and what is accepted reads the same when it is written again."""
    try:
        parsed = parse_node_list(text)
    except ConfigurationError:
        return

    assert parse_node_list([f"{node.name}:{node.address}".lstrip(":") for node in parsed.nodes]) == parsed
