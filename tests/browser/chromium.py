"""A real browser without a window, at first as wide as a telephone: what a page looks like there, and whether it fits.

Invariant: nothing is fetched from outside; browser and driver are those of the machine, and both end with the block.
"""

import os
import shutil
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 20.0
"""Seconds after which something that should be seen will not be."""

TELEPHONE = 390
"""CSS pixels across."""

DESKTOP = 1280
"""The same of a small screen on a table."""

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",  # small in containers
    "--disable-sync",
)


def missing_program() -> str:
    """Return what this machine lacks for it; nothing if it has all."""
    if not any(map(shutil.which, _PROGRAMS)):
        return "no Chromium on this machine (Debian: apt-get install chromium)"
    return "" if shutil.which("chromedriver") else "no chromedriver here (Debian: apt-get install chromium-driver)"


class Chromium:
    """One browser with one page, and no cookies when its block begins.

    Parameters
    ----------
    folder
        An empty one, for its profile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        options = ChromeOptions()
        options.binary_location = next(filter(None, map(shutil.which, _PROGRAMS)))
        for argument in (*_ARGUMENTS, f"--user-data-dir={self._folder}"):
            options.add_argument(argument)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # which Chromium does not have for root
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # With both paths given, selenium looks for no other driver; this keeps it from asking the network anyway.
        service = ChromeService(
            shutil.which("chromedriver"), env=os.environ | {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
        )
        self.driver = Chrome(options, service)
        self.resize(TELEPHONE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.driver.quit()

    def resize(self, width: int) -> None:
        """Make the window so many CSS pixels wide."""
        self._across = width
        metrics = {"width": width, "height": 844, "deviceScaleFactor": 2, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, url: str) -> None:
        """Go there."""
        self.driver.get(url)

    def all(self, selector: str) -> list[Any]:
        """Return the elements that a CSS selector names."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait_for(self, selector: str) -> Any:
        """Return the first such element, as soon as there is one."""
        found = WebDriverWait(self.driver, PATIENCE).until(lambda _: self.all(selector), f"{selector} does not come")
        return found[0]

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so."""
        WebDriverWait(self.driver, PATIENCE).until(lambda _: condition())

    def press(self, selector: str, then: str) -> None:
        """Click what leads to another page, and wait for that and for an element of it."""
        before = self.wait_for("html")
        self.wait_for(selector).click()
        WebDriverWait(self.driver, PATIENCE).until(lambda _: self.wait_for("html") != before)
        self.wait_for(then)

    def type(self, selector: str, text: str) -> None:
        """Write into a field, in place of what it held."""
        entry = self.wait_for(selector)
        entry.clear()
        entry.send_keys(text)

    @property
    def width(self) -> int:
        """CSS pixels that the page takes across; more than the window if it has to be scrolled sideways."""
        assert self.driver.execute_script("return window.innerWidth") == self._across
        return self.driver.execute_script("return document.documentElement.scrollWidth")

    @property
    def complaints(self) -> list[str]:
        """What the browser found wrong since it was last asked: scripts that fail, files that are not there."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def keep_screenshot(self, name: str) -> Path:
        """Keep what the whole page looks like in ``build/screenshots``."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        path = SCREENSHOTS / f"{name}.png"
        path.write_bytes(b64decode(shot["data"]))
        return path
