"""The Flask application for a real server, as its environment says."""

import os

from flask import Response
from web.flask_shop import new_shop
from web.served import PATIENT

app = new_shop(
    os.environ["NODES"],
    accounts=True,
    csrf=True,
    MEMCACHED_SESSIONS_ROUTE=os.environ["ROUTE"],
    MEMCACHED_SESSIONS_FRESHNESS=os.environ["FRESHNESS"],
    TESTING=False,
    **{f"MEMCACHED_SESSIONS_{name.upper()}": value for name, value in PATIENT.items()},
)


@app.after_request
def name_worker(response: Response) -> Response:
    """Say which process has answered."""
    response.headers["X-Worker"] = str(os.getpid())
    return response
