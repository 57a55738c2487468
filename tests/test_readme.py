"""What the README shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from memcached_sessions.bench.cli import main
from memcached_sessions.manager.demo.crowd_report import crowd_table
from memcached_sessions.manager.demo.plans import SHOPS
from memcached_sessions.serializers import available_serializers

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_its_examples_run() -> None:
    """In a process of their own, since they register classes."""
    command = [sys.executable, "-m", "doctest", "-v", str(README)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 failed" in done.stdout or "Test passed." in done.stdout
    assert done.stdout.count("Trying:") > 10


def test_its_table_of_capabilities_is_true() -> None:
    lines = [line.split("|")[1:-1] for line in README.read_text().splitlines() if line.startswith("|")]
    start = next(number for number, line in enumerate(lines) if line[1:] and line[1].strip() == "cbor")
    names = [cell.strip() for cell in lines[start][1:]]
    rows = {line[0].split(":")[0].strip(): [cell.strip() for cell in line[1:]] for line in lines[start + 2 :]}
    found = available_serializers()
    columns = {
        "identity": ["identity"],
        "cycles": ["cycles"],
        "tuples, sets, non-string keys, big ints": ["tuples", "sets", "non_str_keys", "big_ints"],
        "subclasses of built-ins, registered classes": ["subclasses", "registered_classes"],
        "evolution": ["evolution"],
        "canonical": ["canonical"],
        "safe": ["safe"],
        "cross-language": ["cross_language"],
    }
    for title, capabilities in columns.items():
        for name, cell in zip(names, rows[title], strict=True):
            claims = {getattr(found[name].capabilities, capability) for capability in capabilities}
            assert claims == {cell == "yes"}, (title, name)


def test_its_results_say_when_and_where_and_show_every_format() -> None:
    results = README.read_text().partition("<!-- results: begin -->")[2].partition("<!-- results: end -->")[0]
    assert "do not edit" in results
    assert re.search(r"^20\d\d-\d\d-\d\dT", results, re.MULTILINE)
    assert "memcached 1." in results
    assert "CPython 3." in results
    objects = results.partition("### cart-objects")[2].partition("###")[0]
    ours = [name for name, info in available_serializers().items() if info.distribution == "memcached-sessions"]
    for name in ours:
        assert re.search(rf"^\| {name}( \\\*)? \| [\d,]+ \|", objects, re.MULTILINE), name
    for picture in re.findall(r"\]\((\S+\.svg)\)", results):
        assert (ROOT / picture).read_text().startswith("<svg"), picture


def test_its_results_and_their_page_are_what_the_kept_result_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has edited them: the command that they name writes the same words again."""
    for file in (README, ROOT / "docs" / "results.json"):
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)

    assert main(["document", "docs/results.json", "docs/results.md", "--readme", "README.md"]) == 0

    for name in ("README.md", "docs/results.md", "docs/results.json"):
        assert (tmp_path / name).read_text() == (ROOT / name).read_text(), name


def test_its_crowds_have_lost_nothing_in_any_shop() -> None:
    """A row for each, by the titles that the demo gives its columns; nothing lost, and everybody answered."""
    crowd = README.read_text().partition("<!-- crowd: begin -->")[2].partition("<!-- crowd: end -->")[0]
    titles = crowd_table([]).splitlines()[0]
    head, _, *lines = [line for line in crowd.splitlines() if line.startswith("|")] or [titles, ""]
    assert head == titles
    rows = [dict(zip(_cells(head), _cells(line), strict=True)) for line in lines]
    assert sorted(row["shop"].split()[0] for row in rows) == sorted(SHOPS)
    for row in rows:
        found = (row["not retriable"], row["lost: carts, logins, forms"])
        assert found == ("0", "0, 0, 0"), row
        assert int(row["requests"].replace(",", "")) > 0, row
        assert int(row["faults"].partition(":")[0]) > 0, row


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_its_commands_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    for name in re.findall(r"--(?:serializer|workload) ([a-z0-9-]+)", README.read_text()):
        assert f"  {name} " in listed


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z]+)", README.read_text())):
        assert f"\n{target}:" in makefile, target
