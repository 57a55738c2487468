"""A web server with sessions that are backed up behind the response.

What is in it is `shutdown_app`.
"""

from pathlib import Path

from server_process import ServerProcess, settings_in_environment


class WebServer(ServerProcess):
    """One server.

    Parameters
    ----------
    command
        The server's module and its arguments, without application and address: ``"gunicorn --preload"``.
    settings
        Of the manager.
    """

    def __init__(self, command: str, **settings: object) -> None:
        application = "shutdown_app:wsgi" if command.startswith("gunicorn") else "shutdown_app:asgi"
        super().__init__(f"{command} {application}", Path(__file__).parent, settings_in_environment(settings))
