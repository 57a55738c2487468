"""Sessions from the nodes of a running session manager: a random sample, read without a trace.

Invariants: nothing on a node changes, neither the life of an item nor its place in the order of use; a session that is
on several nodes is taken once, in its latest state; what cannot be opened with the settings is counted by the reason.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from heapq import nlargest
from time import monotonic
from typing import Any

from ....serializers import ConverterRegistry
from ...envelope import Envelope
from ...errors import ConfigurationError, StoreError, UndecodableError
from ...node_list import Node
from ...settings import Settings
from ...stores.greeting import greet
from ...stores.meta_commands import get_command
from ...stores.store import Item
from ..asking import ReadOnlyClient, WouldWriteError, ask_all
from .errors import SourceError
from .found import Found
from .listing import Listed, list_keys
from .stored_values import DESTROYED, StoredValues

_FOREIGN = "its key is none of a session under this storage_key_prefix"
_GONE = "it expired before it was read"
_SILENT = "a node did not answer"


def live_sessions(
    settings: Settings,
    registry: ConverterRegistry,
    *,
    advice: str,
    limit: int,
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """Return a sample of the sessions on the nodes.

    Parameters
    ----------
    settings
        Of the session manager.
    registry
        The converters of the classes in the sessions; those of the settings are added.
    advice
        What to do if nothing can be opened, for the error.
    limit
        The most sessions.
    progress
        Called with the sessions that were read and how many are to be.

    Raises
    ------
    SourceError
        No node answered, or none has a session that can be opened; with the reason.
    """
    values = StoredValues(settings, registry)
    found = Found()
    silent: set[str] = set()
    keys = _sampled(settings, limit, found, silent)
    copies = _fetched(settings, keys, found, silent)
    for number, key in enumerate(keys, 1):
        _add(found, key, copies.get(key, ()), values)
        if progress:
            progress(number, len(keys))
    if not found.sessions:
        raise SourceError(_nothing(found, advice))
    return found


def _sampled(settings: Settings, limit: int, found: Found, silent: set[str]) -> dict[str, list[str]]:
    """Return the keys of the sample, each with the names of the nodes that have it."""
    salt = secrets.token_bytes(16)

    def keys_of(node: Node, client: ReadOnlyClient, deadline: float) -> Listed:
        del node, deadline  # the settings' time limit is one for a single item
        return list_keys(client, settings.storage_key_prefix, Listed(limit, salt))

    holders: dict[tuple[int, str], list[str]] = {}
    for node, listed in _asked(settings, keys_of, found, silent):
        found.total += listed.sessions
        if listed.others:
            found.unread[_FOREIGN] += listed.others
        for drawn in listed.drawn:
            holders.setdefault(drawn, []).append(node.name)
    return {key: holders[rank, key] for rank, key in nlargest(limit, holders)}


def _fetched(
    settings: Settings, keys: Mapping[str, Sequence[str]], found: Found, silent: set[str]
) -> dict[str, list[Item]]:
    """Return what the nodes hold under the keys."""
    copies: dict[str, list[Item]] = {key: [] for key in keys}

    def fetch(node: Node, client: ReadOnlyClient, deadline: float) -> None:
        with suppress(WouldWriteError):  # the server has no generation: it may have lost it, and have sessions
            greet(client, deadline)
        for key in (key for key, nodes in keys.items() if node.name in nodes):
            command = get_command(key, value=True, touch=None, renew=False)
            item = client.ask(command, monotonic() + settings.operation_timeout)
            if item is not None:
                copies[key].append(item)  # what was read of a node stays, also if the next question fails

    _asked(settings, fetch, found, silent)
    return copies


def _asked(
    settings: Settings, question: Callable[[Node, ReadOnlyClient, float], Any], found: Found, silent: set[str]
) -> list[tuple[Node, Any]]:
    """Return what the nodes answered that did; count the others, once each."""
    try:
        answers = ask_all(settings, question)
    except ConfigurationError as error:
        raise SourceError(str(error)) from error
    for node, answer in answers:
        if isinstance(answer, StoreError) and node.name not in silent:
            silent.add(node.name)
            found.pass_over(_SILENT, f"{node.label}: {answer.problem}")
    return [(node, answer) for node, answer in answers if not isinstance(answer, StoreError)]


def _add(found: Found, key: str, copies: Iterable[Item], values: StoredValues) -> None:
    envelopes: list[Envelope] = []
    problem = _GONE
    for item in copies:
        try:
            envelopes.append(values.opened(key, item))
        except UndecodableError as error:
            problem = values.reason(error)
    # Destroyed wins over every other copy, as it does in the manager; else the one that was saved most often.
    envelopes.sort(key=lambda envelope: (envelope.header.dead, envelope.header.counter), reverse=True)
    for envelope in envelopes:
        try:
            attributes = values.attributes(envelope)
        except UndecodableError as error:
            problem = values.reason(error)
            continue
        if attributes is None:
            found.pass_over(DESTROYED)
        else:
            found.add(attributes)
        return
    found.pass_over(problem)


def _nothing(found: Found, advice: str) -> str:
    if not found.unread:
        return "there is no session on the nodes: are these the nodes of the application?"
    reasons = ", ".join(f"{count} times: {reason}" for reason, count in found.unread.most_common())
    silent = f" ({found.examples[_SILENT]})" if _SILENT in found.examples else ""
    return f"no session on the nodes can be read. {reasons}{silent}. {advice}"
