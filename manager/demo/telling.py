"""A demo as lines: for the terminal, and as JSON for programs."""

import json

from .journal import Entry, Outcome, Step, as_json


def terminal_line(entry: Entry) -> str:
    """Return an entry for people.

    >>> from memcached_sessions.manager.demo.journal import Served
    >>> print(terminal_line(Served(8, "GET", "/", 200, 5.71, "app2", "taken over from n1", (), (), ())))
      8  GET  /          200      5.7 ms  app2  session: taken over from n1
    """
    if isinstance(entry, Step):
        return f"\n{entry.text}"
    if isinstance(entry, Outcome):
        lost = "nothing was lost" if not entry.lost else f"{entry.lost} times something was lost"
        return (
            f"\n{entry.requests} requests, {entry.unanswered} of them sent again, the slowest took "
            f"{entry.slowest_milliseconds:.0f} ms; {lost}"
        )
    parts = [f"session: {entry.source}"] if entry.source and entry.source != "none" else []
    if entry.stored_on:
        parts.append(f"stored on {', '.join(entry.stored_on)}")
    parts += entry.events
    parts += [f"LOST: {lost}" for lost in entry.lost]
    status = "none" if entry.status is None else entry.status
    head = f"{entry.number:3}  {entry.method:4} {entry.path:9} {status!s:>4} {entry.milliseconds:8.1f} ms"
    return f"{head}  {entry.server or 'nobody'}  {'; '.join(parts) or 'no session'}".rstrip()


def json_line(entry: Entry) -> str:
    """Return an entry as one line of JSON.

    >>> json_line(Step("app1 is killed"))
    '{"kind": "step", "text": "app1 is killed"}'
    """
    return json.dumps(as_json(entry))
