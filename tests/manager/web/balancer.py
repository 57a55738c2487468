"""nginx and HAProxy in front of real servers, by the configurations that users copy.

What is replaced in them: addresses, ports, places of files, the name of the cookie, the page that says whether a server
is there, and for how long nginx leaves a server alone that has failed.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from cluster import eventually
from free_port import free_port
from web.real_server import Browser

from memcached_sessions.manager.demo.balancer import CONFIGURATION, PLACEHOLDERS, nginx_configuration

NGINX, HAPROXY = CONFIGURATION, CONFIGURATION.with_name("haproxy.cfg")
ANSWER_TIMEOUT = 30
"""Seconds that nginx waits for a server: longer than a machine with much to do needs."""


@contextmanager
def balancer(file: Path, folder: Path, servers: Mapping[str, int], *, cookie: str = "id") -> Iterator[int]:
    """Run it for a while.

    Parameters
    ----------
    file
        `NGINX` or `HAPROXY`.
    folder
        Where it may write.
    servers
        The ports of app1 and app2, which answer already.
    cookie
        The name of the session cookie.

    Yields
    ------
    Its port.
    """
    program = shutil.which(file.stem) or shutil.which(file.stem, path="/usr/local/sbin:/usr/sbin")
    if program is None:
        assert "CI" not in os.environ, f"{file.stem} is not installed"
        pytest.skip(f"{file.stem} is not installed")
    port = free_port()
    if file == NGINX:
        text = nginx_configuration(folder, port, servers, ANSWER_TIMEOUT)
        text = text.replace("[ \\t]*id=[", f"[ \\t]*{cookie}=[").replace("fail_timeout=5s", "fail_timeout=1s")
        assert f"{cookie}=[" in text
        command = [program, "-p", str(folder), "-e", "stderr", "-c"]
    else:
        text = file.read_text().replace("bind :80", f"bind 127.0.0.1:{port}")
        for name, server in servers.items():
            text = text.replace(PLACEHOLDERS[name], f"127.0.0.1:{server}")
        text = text.replace("httpchk GET /health", "httpchk GET /nothing")
        text = text.replace("/run/haproxy/admin.sock", f"{folder}/admin.sock")
        text = re.sub("(group|user) haproxy", "", text)  # which only root can become, and which may not be there
        command = [program, "-db", "-f"]
    configuration = folder / file.name
    configuration.write_text(text)
    process = subprocess.Popen([*command, str(configuration)], stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: process.poll() is not None or _answers(port))
        assert process.poll() is None, f"{program} refuses {file}"
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        return Browser(port).ask("/nothing").status == 200
    except OSError:
        return False
