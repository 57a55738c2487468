"""The page of the demo in Chromium, on a screen as narrow as a telephone's, while the demo is under way."""

from chromium import TELEPHONE, Chromium
from demo.demo_command import demo

from memcached_sessions.manager.demo.journal import Journal, Outcome, Served, Step
from memcached_sessions.manager.demo.page import PageServer


def test_the_page_shows_each_request_as_it_comes(chromium: Chromium) -> None:
    """Without being loaded again; at the end it has what the terminal has said, and says that nothing was lost."""
    with demo("--pace", "0.1", "--stay") as process:
        assert process.stdout is not None
        chromium.open(process.stdout.readline().split()[1])
        chromium.wait_for("tr.request")
        under_way = len(chromium.all("tr.request"))
        said: list[str] = []
        for line in process.stdout:
            if "nothing was lost" in line:
                break
            said.append(line)
        outcome = chromium.wait_for("#outcome:not(:empty)")
        chromium.wait_until(lambda: "nothing was lost" in outcome.text)
        chromium.keep_screenshot("demo-page")

        in_terminal = [line.split()[1:4] for line in said if line[:3].strip().isdigit()]
        on_page = [row.text.split()[:3] for row in chromium.all("tr.request td:first-child")]
        assert on_page == in_terminal
        assert under_way < len(on_page)
        steps = [line.strip() for line in said if line[0] not in " \n" and not line.startswith(("page", "shop"))]
        assert [row.text for row in chromium.all("tr.step")] == steps
        assert chromium.width <= TELEPHONE
        assert chromium.complaints == []


def a_request(number: int, **differences: object) -> Served:
    """Return a request, as wide as one can be."""
    event = "node down n1: [Errno 111] Connection refused: is memcached running there?"
    values = {
        "number": number,
        "method": "POST",
        "path": "/register",
        "status": 303,
        "milliseconds": 1234.5,
        "server": "app1",
        "source": "this process, checked with its node",
        "stored_on": ("n1", "n2"),
        "events": (event, "x" * 200),
        "lost": (),
    }
    return Served(**(values | differences))  # type: ignore[arg-type]


def test_what_was_lost_stands_out_and_nothing_is_html(chromium: Chromium) -> None:
    """A page that shows no loss would be no proof that there was none."""
    journal = Journal()
    with PageServer(journal, "http://127.0.0.1:1/") as page:
        chromium.open(page.url)
        journal.write(Step("<b>app1</b> is killed"))
        journal.write(a_request(1, lost=("<i>the cart</i> has 1 of apple instead of 2",)))
        journal.write(Outcome(requests=1, unanswered=0, slowest_milliseconds=1234.5, lost=1))
        chromium.wait_for("#outcome.lost")
        chromium.keep_screenshot("demo-page-with-a-loss")

        assert [row.text for row in chromium.all("tr.step")] == ["<b>app1</b> is killed"]
        assert chromium.wait_for("div.lost").text == "lost: <i>the cart</i> has 1 of apple instead of 2"
        assert chromium.wait_for("#outcome").text.endswith("lost: 1")
        assert chromium.width <= TELEPHONE
        assert chromium.complaints == []
