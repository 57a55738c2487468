"""A request whose application is a function of the test, for what `Request` has no word for: values that are changed in
place, values that cannot be kept, a pause anywhere.

Invariant: as for every request, what it says counts when its response is sent, which is its last step.
"""

from collections.abc import Callable

from memcached_sessions.manager.cookie import NO_COOKIE, CookieAction
from memcached_sessions.manager.session import Session

from .browser import Browser
from .scheduler import Point, Task
from .simulated_process import SimulatedProcess

Pause = Callable[[], object]
Application = Callable[[Session, Pause], object]


class Scripted(Task):
    """A request; what its application or its commit raises is raised by the step that came to it.

    Parameters
    ----------
    process
        That serves it.
    browser
        That sent it, with its cookie.
    application
        Is called with the session, and with what lets others go first.
    """

    def __init__(self, process: SimulatedProcess, browser: Browser, name: str, application: Application) -> None:
        super().__init__(process, f"{name} in {process.name}", self._serve)
        self.action: CookieAction = NO_COOKIE
        self._browser = browser
        self._cookie = browser.cookie
        self._application = application

    @property
    def thinks(self) -> bool:
        """Whether its application lets others go first."""
        return self.point is not None and self.point.what == "think"

    def _serve(self) -> None:
        manager = self.process.manager
        self.process.note(self.name, self._cookie)
        session = manager.open(self._cookie or None)
        try:
            self._application(session, lambda: self.process.scheduler.pause(Point("think")))
            self.action = manager.commit(session)
        finally:
            manager.release(session)
        self.process.scheduler.pause(Point("respond"))
        self._browser.receive(self.action)
