"""Plug-ins that are slow, unfaithful, vulnerable, or end their process appear in every table as what they are.

They are measured once, beside `json`, as the command measures them: found by their entry points, in processes of their
own. What they do is in `tests/plugins`.
"""

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from memcached_sessions.bench.reports import terminal_report
from memcached_sessions.bench.reports.advice import advice
from memcached_sessions.bench.result import Result
from memcached_sessions.bench.result_file import read_result

RunPython = Callable[..., subprocess.CompletedProcess[str]]

PLUGINS = ("broken", "slow", "unfaithful", "lying", "vulnerable", "crashing")
FAULTY = ("broken", "slow", "unfaithful", "stale", "lying", "vulnerable", "crashing")
COMPARED = {
    "login": ("broken", "slow", "stale", "vulnerable", "crashing", "json"),
    "cart-objects": ("broken", "unfaithful", "lying", "vulnerable", "crashing", "json"),
}
TABLES = """
import json, sys
from dataclasses import asdict
from memcached_sessions.bench.evolution.deploy import evolution
from memcached_sessions.bench.fidelity.matrix import fidelity_matrix
from memcached_sessions.bench.hostile.grid import hostile_grid
from memcached_sessions.serializers import available_serializers

found = available_serializers()
infos = [found[name] for name in sys.argv[1:]]
attacked = [found[name] for name in ("broken", "slow", "vulnerable", "crashing", "json")]
tables = {
    "fidelity": fidelity_matrix(infos),
    "hostile": hostile_grid(attacked, mutations=50),
    "evolution": evolution(infos),
}
print(json.dumps({name: [asdict(cell) for cell in cells] for name, cells in tables.items()}))
"""


@pytest.fixture(scope="module")
def tables(python_in: RunPython, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Return the fidelity matrix, the hostile grid and the table of evolution of the faulty plug-ins and of `json`."""
    folder = tmp_path_factory.mktemp("tables")
    return json.loads(_checked(python_in(folder, "-c", TABLES, *FAULTY, "json", plugins=PLUGINS)))


@pytest.fixture(scope="module")
def compared(python_in: RunPython, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the result of the comparison as JSON, that of both workloads as one."""
    command = ("-m", "memcached_sessions.bench", "run", "--quick", "--measure", "timing")
    results: list[dict[str, Any]] = []
    for workload, names in COMPARED.items():
        folder = tmp_path_factory.mktemp(workload)
        chosen = [option for name in names for option in ("--serializer", name)]
        arguments = (*command, *chosen, "--workload", workload, "--output", "result.json")
        _checked(python_in(folder, *arguments, plugins=PLUGINS))
        results.append(json.loads((folder / "result.json").read_text()))
    return results[0] | {
        "cases": [row for each in results for row in each["cases"]],
        "serializers": list({facts["name"]: facts for each in results for facts in each["serializers"]}.values()),
    }


@pytest.fixture(scope="module")
def cases(compared: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of the comparison, by workload and label."""
    return {(row["workload"], row["label"]): row for row in compared["cases"]}


def test_a_slow_serializer_is_right_everywhere_and_slow(tables: Any, cases: Any) -> None:
    """Its time is the only thing that is wrong with it."""
    assert _fates(tables, "slow") == _fates(tables, "json")
    assert _defences(tables, "slow") == _defences(tables, "json")
    assert cases["login", "slow"]["verified"] is True
    assert cases["login", "slow"]["dumps"]["median"] > 0.02
    assert cases["login", "json"]["dumps"]["median"] < 0.02


def test_an_unfaithful_serializer_is_shown_at_the_values_that_it_changes(tables: Any) -> None:
    """Of all values, the tuples inside a list are the ones that came back as something else."""
    changed = {value for value, fate in _fates(tables, "unfaithful").items() if fate.startswith("changed")}

    assert changed == {"nested tuple"}
    assert _cell(tables["fidelity"], "unfaithful", value="nested tuple")["detail"] == "value[0]: tuple became list"


def test_a_serializer_that_returns_the_bytes_of_before_has_no_time(cases: Any) -> None:
    """The session that it writes is right, the session that it writes after a change is not."""
    row = cases["login", "stale"]

    assert row["outcome"] == "unfaithful"
    assert "changed and saved again" in row["detail"]
    assert not row.get("dumps")


def test_a_lying_serializer_changes_what_it_claims_to_keep(tables: Any, cases: Any) -> None:
    """Tuples are claimed; the classes of the cart become their text, and then have no time."""
    fates = _fates(tables, "lying")

    assert fates["tuple"] == "changed type"
    assert fates["int key and its text"] == "changed value"
    assert cases["cart-objects", "lying"]["outcome"] == "unfaithful"
    assert {cell["outcome"] for cell in tables["evolution"] if cell["label"] == "lying"} == {"unfaithful"}


def test_a_vulnerable_serializer_is_shown_to_run_code(tables: Any, cases: Any) -> None:
    """It claims to be safe, and keeps its values; the grid says what it does with bytes that it did not write."""
    assert cases["login", "vulnerable"]["verified"] is True
    assert cases["cart-objects", "vulnerable"]["outcome"] == "refused"
    assert _fates(tables, "vulnerable")["tuple keys"] == "identical"
    assert _defences(tables, "vulnerable")["code execution"] == "code"
    assert "folder" in _cell(tables["hostile"], "vulnerable", attack="code execution")["detail"]
    assert "code" not in _defences(tables, "json").values()


def test_a_serializer_that_ends_its_process_fails_at_that_value_alone(tables: Any, cases: Any) -> None:
    """Also one that never ends; every other value has the fate that it has in `json`, which does the work."""
    fates, right = _fates(tables, "crashing"), _fates(tables, "json")
    failed = {value for value, fate in fates.items() if fate == "failed"}

    assert failed == {"set", "empty set", "set of tuples", "UUID"}
    assert {value: fates[value] for value in right if value not in failed} == {
        value: fate for value, fate in right.items() if value not in failed
    }
    assert _cell(tables["fidelity"], "crashing", value="set")["detail"] == "the process ended by SIGABRT"
    assert "did not end" in _cell(tables["fidelity"], "crashing", value="UUID")["detail"]
    assert cases["cart-objects", "crashing"]["outcome"] == "failed"
    assert cases["login", "crashing"]["verified"] is True


def test_a_serializer_that_ends_its_process_is_shown_in_the_grid(tables: Any) -> None:
    """Where its bytes make it crash or hang, and nowhere else."""
    defences = _defences(tables, "crashing")

    assert defences["memory bombs"] == "crash"
    assert defences["depth"] == "crash"
    assert defences["truncation"] == "refused"
    assert defences["code execution"] == _defences(tables, "json")["code execution"]


def test_a_broken_serializer_is_no_row(tables: Any, cases: Any) -> None:
    """It cannot be asked anything."""
    assert not [cell for table in tables.values() for cell in table if cell["label"] == "broken"]
    assert not [label for _, label in cases if label == "broken"]


def test_the_honest_beside_them_are_measured(tables: Any, cases: Any) -> None:
    """Nothing that another plug-in does costs them anything."""
    assert cases["cart-objects", "json"]["verified"] is True
    assert set(_defences(tables, "json").values()) == {"refused", "read"}
    assert {cell["outcome"] for cell in tables["evolution"] if cell["label"] == "json"} == {"verified"}


def test_advice_takes_nobody_at_their_word(compared: Any, tables: Any, tmp_path: Path) -> None:
    """What changes values is never named, and what ran code is never called safe."""
    result = _result(compared | tables, tmp_path)
    found = {each.goal: each.best for each in advice(result)}
    named = {label for best in found.values() for label in best}

    assert found["fastest safe"] == ("json",)
    assert not named & {"broken", "unfaithful", "stale", "lying"}
    assert {goal for goal, best in found.items() if "vulnerable" in best} <= {"full fidelity, safe or not"}
    assert "without a word" in terminal_report(result)


def test_where_nothing_was_tried_advice_calls_nobody_safe(compared: Any, tables: Any, tmp_path: Path) -> None:
    """As after `--quick`, which does not try hostile bytes."""
    result = _result(compared | tables | {"hostile": []}, tmp_path)

    assert [each.goal for each in advice(result) if "safe" in each.goal] == ["full fidelity, safe or not"]
    assert "Safe: claimed, not tried in this run" in terminal_report(result)


def _result(found: dict[str, Any], folder: Path) -> Result:
    path = folder / "result.json"
    path.write_text(json.dumps(found))
    return read_result(path)


def _fates(tables: dict[str, list[dict[str, Any]]], label: str) -> dict[str, str]:
    return {cell["value"]: cell["fate"] for cell in tables["fidelity"] if cell["label"] == label}


def _defences(tables: dict[str, list[dict[str, Any]]], label: str) -> dict[str, str]:
    return {cell["attack"]: cell["defence"] for cell in tables["hostile"] if cell["label"] == label}


def _cell(cells: Iterable[dict[str, Any]], label: str, **named: str) -> dict[str, Any]:
    (found,) = (
        cell for cell in cells if cell["label"] == label and all(cell[name] == value for name, value in named.items())
    )
    return found


def _checked(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
