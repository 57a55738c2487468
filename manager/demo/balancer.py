"""nginx in front of the application servers, by the very configuration that users copy.

What is replaced in it: addresses, the port, where nginx writes its files, and how long a server that answers nothing is
waited for.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from .child import DemoError

CONFIGURATION = Path(__file__).with_name("nginx.conf")
"""The file to copy. It has two servers, called app1 and app2."""

PLACEHOLDERS = {"app1": "10.0.0.11:8000", "app2": "10.0.0.12:8000"}
"""Their addresses in it."""

ANSWER_TIMEOUT = 2
"""Seconds that nginx waits for a server here: a story in which one is frozen should go on."""

_WRITES_TO = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def nginx_program() -> str:
    """Return the path of nginx, which need not be on the path of everybody.

    Raises
    ------
    DemoError
        There is none.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/opt/homebrew/bin")
    if program is None:
        raise DemoError(
            "nginx is not installed; please install it (Debian: apt-get install nginx-light), or `make demo`"
        )
    return program


def nginx_configuration(folder: Path, port: int, servers: Mapping[str, int], answer_timeout: int) -> str:
    """Return the configuration for servers on the loopback.

    Parameters
    ----------
    folder
        Where nginx may write.
    port
        Where it is to listen.
    servers
        The port of app1 and of app2.
    answer_timeout
        Seconds that a server has to answer.

    Raises
    ------
    DemoError
        The servers are not those of the file, or it is not what it was when this was written.

    >>> text = nginx_configuration(Path("/folder"), 8080, {"app1": 8001, "app2": 8002}, 2)
    >>> "listen 127.0.0.1:8080;" in text, "server 127.0.0.1:8001 max_fails" in text, "10.0.0" in text
    (True, True, False)
    """
    if servers.keys() != PLACEHOLDERS.keys():
        raise DemoError(
            f"the configuration has the servers {', '.join(PLACEHOLDERS)}, not {', '.join(servers) or 'none'}"
        )
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in _WRITES_TO)
    replaced = {PLACEHOLDERS[name]: f"127.0.0.1:{server}" for name, server in servers.items()} | {
        "\nhttp {": f"\nhttp {{ access_log off; {places}",
        "listen 80;": f"listen 127.0.0.1:{port};",
        "proxy_read_timeout 60s;": f"proxy_read_timeout {answer_timeout}s;",
    }
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in replaced.items():
        if old not in text:
            raise DemoError(f"{CONFIGURATION} has no {old.strip()!r} any more")
        text = text.replace(old, new)
    return f"daemon off; pid {folder}/nginx.pid; error_log stderr;\n{text}"
