"""Bytes on a node that this process cannot read: another serializer, another key, damage; and what is done then."""

from collections.abc import Iterator

import pytest
from cluster import Client, Cluster

from memcached_sessions.manager import CookieKind, EventKind, UndecodableError
from memcached_sessions.manager.session_id import storage_key

OLD, NEW, OTHER = (f"signing key number {number}" * 2 for number in range(3))
FORMATS = ("compact", "json", "msgpack", "cbor")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two nodes."""
    with Cluster(2) as cluster:
        yield cluster


def damage(cluster: Cluster, client: Client) -> None:
    """Put bytes in place of a session that are none."""
    command = f"ms {storage_key(client.sid)} 7\r\ngarbage\r\n".encode()
    assert cluster[client.node].say(command).startswith(b"HD")


@pytest.mark.parametrize("before", FORMATS)
@pytest.mark.parametrize("after", FORMATS)
def test_changing_the_serializer_logs_nobody_out(cluster: Cluster, before: str, after: str) -> None:
    """Defect Q16: the stored bytes say what wrote them; both read them, in both directions of a rolling change."""
    old, new, client = cluster.server("a", serializer=before), cluster.server("b", serializer=after), Client()
    client.write(old, user=7, tags=("a", "b"))

    assert client.read(new) == {"user": 7, "tags": ("a", "b")}
    client.write(new, page=2)
    assert client.read(old) == {"user": 7, "tags": ("a", "b"), "page": 2}


def test_a_session_that_was_read_from_another_serializer_is_not_rewritten_for_that(cluster: Cluster) -> None:
    """The baseline is this process's own encoding of what it loaded."""
    old, new, client = cluster.server("a", serializer="json"), cluster.server("b"), Client()
    client.write(old, user=7)
    writes = cluster.counts("cmd_set")

    client.read(new)

    assert cluster.counts("cmd_set") == writes


def test_a_serializer_that_is_not_accepted_is_not_read(cluster: Cluster) -> None:
    """A list of one's own, for instance after the change is through."""
    old, client = cluster.server("a", serializer="json"), Client()
    new = cluster.server("b", serializer="compact", accept_serializers=("compact",))
    client.write(old, user=7)

    assert client.read(new) == {}
    assert "accept_serializers" in new.told_of(EventKind.UNDECODABLE)[0].detail


def test_pickle_is_not_read_unless_chosen(cluster: Cluster) -> None:
    """Even from somebody who has the key."""
    attacker, client = cluster.server("a", serializer="pickle", signing_keys=(OLD,)), Client()
    server = cluster.server("b", signing_keys=(OLD,))
    client.write(attacker, user=7)

    assert client.read(server) == {}
    assert len(server.told_of(EventKind.UNDECODABLE)) == 1


def test_signing_keys_rotate_without_a_logout(cluster: Cluster) -> None:
    """New ones sign, old ones are accepted, in servers of both settings at the same time."""
    before, client = cluster.server("a", signing_keys=(OLD,)), Client()
    between = cluster.server("b", signing_keys=(NEW, OLD))
    after = cluster.server("c", signing_keys=(NEW,))
    client.write(before, user=7)

    assert client.read(between) == {"user": 7}
    client.write(between, page=2)
    assert client.read(after) == {"user": 7, "page": 2}


@pytest.mark.parametrize("keys", [(OTHER,), ()])
def test_what_another_key_has_signed_is_not_read(cluster: Cluster, keys: tuple[str, ...]) -> None:
    """Defect Q13: nor by a process without a key, and unsigned bytes not by one with a key."""
    one, other = cluster.server("a", signing_keys=(OLD,)), cluster.server("b", signing_keys=keys)
    for writer, reader in ((one, other), (other, one)):
        client = Client()
        client.write(writer, user=7)
        assert client.read(reader) == {}


def test_bytes_that_were_tampered_with_are_not_read(cluster: Cluster) -> None:
    """Defect Q13: one bit of the payload, with the client flags as they were."""
    server, other, client = cluster.server("a", signing_keys=(OLD,)), cluster.server("b", signing_keys=(OLD,)), Client()
    client.write(server, user="alice")
    key, node = storage_key(client.sid), cluster[client.node]
    head, _, rest = node.say(f"mg {key} f v\r\n".encode()).partition(b"\r\n")
    flags = head.split(b" f")[1].split(b" ")[0].decode()
    value = rest.removesuffix(b"\r\n").replace(b"alice", b"admin")
    assert b"admin" in value
    node.say(f"ms {key} {len(value)} F{flags}\r\n".encode() + value + b"\r\n")

    assert client.read(other) == {}
    assert len(other.told_of(EventKind.UNDECODABLE)) == 1


def test_a_session_of_another_id_is_not_read_in_its_place(cluster: Cluster) -> None:
    """The key is a part of what is signed: who can write to a node cannot give one user the session of another."""
    server, other = cluster.server("a", signing_keys=(OLD,)), cluster.server("b", signing_keys=(OLD,))
    alice, mallory = Client(), Client()
    alice.write(server, user="alice")
    while mallory.node != alice.node:
        mallory = Client()
        mallory.write(server, user="mallory")
    node = cluster[alice.node]
    head, _, rest = node.say(f"mg {storage_key(alice.sid)} f v\r\n".encode()).partition(b"\r\n")
    flags = head.split(b" f")[1].split(b" ")[0].decode()
    value = rest.removesuffix(b"\r\n")
    node.say(f"ms {storage_key(mallory.sid)} {len(value)} F{flags}\r\n".encode() + value + b"\r\n")

    assert mallory.read(other) == {}


def test_new_begins_another_session_and_keeps_the_bytes(cluster: Cluster) -> None:
    """The default: no error page, and what cannot be read may be looked at, or be readable elsewhere."""
    server, other, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(server, user=7)
    old = Client(client.cookie)
    damage(cluster, client)

    assert client.read(other) == {}
    client.write(other, user=8)

    assert client.sid != old.sid
    assert b"garbage" in cluster[old.node].say(f"mg {storage_key(old.sid)} v\r\n".encode())
    assert other.told_of(EventKind.NODE_DOWN) == []


def test_raise_tells_the_application(cluster: Cluster) -> None:
    """At the first access; the next request is told again."""
    server, other, client = cluster.server("a"), cluster.server("b", on_undecodable="raise"), Client()
    client.write(server, user=7)
    damage(cluster, client)

    for _ in range(2):
        with pytest.raises(UndecodableError):
            client.read(other)
    assert other.health().sessions == 0


def test_keep_serves_an_empty_session_and_leaves_the_id(cluster: Cluster) -> None:
    """A read touches nothing; a write goes under another id."""
    server, other, client = cluster.server("a"), cluster.server("b", on_undecodable="keep"), Client()
    client.write(server, user=7)
    cookie = client.cookie
    damage(cluster, client)

    with client.request(other) as session:
        assert session == {}
        assert session.degraded
    assert (client.cookie, client.action.kind) == (cookie, CookieKind.NOTHING)
    client.write(other, user=8)
    assert cookie
    assert client.sid != cookie[:32]


def test_the_process_that_holds_the_session_mends_it(cluster: Cluster) -> None:
    """Damage on a node is no reason to lose what is in the process: the next save goes over it."""
    server, other, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(server, user=7)
    damage(cluster, client)

    client.write(server, page=2)

    assert client.read(other) == {"user": 7, "page": 2}


def test_a_readable_copy_on_another_node_is_used(cluster: Cluster) -> None:
    """After an outage there may be one."""
    server, other, client = cluster.server("a"), cluster.server("b"), Client()
    client.write(server, user=7)
    old = client.node
    cluster[old].freeze()
    client.write(server, user=8)
    server.close()
    cluster[old].resume()
    command = f"ms {storage_key(client.sid)} 7\r\ngarbage\r\n".encode()
    assert cluster[old].say(command).startswith(b"HD")
    other.wait_until_up(old)

    assert client.read(other) == {"user": 8}


def test_compressed_and_plain_sessions_are_read_by_both(cluster: Cluster) -> None:
    """Defect Q10: compression is real, and the bytes say whether there is some."""
    plain, small, client = cluster.server("a"), cluster.server("b", compression="zlib"), Client()
    client.write(plain, blob="x" * 10_000)
    assert client.read(small) == {"blob": "x" * 10_000}
    client.write(small, page=2)

    stored = cluster[client.node].say(f"mg {storage_key(client.sid)} s\r\n".encode())
    assert int(stored.split(b"s")[1]) < 1_000
    assert client.read(plain) == {"blob": "x" * 10_000, "page": 2}
