"""The JSON file: read back equal, whole or not there, and refused with the place of what is wrong."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from memcached_sessions.bench.result import Result
from memcached_sessions.bench.result_file import ResultFileError, read_result, read_result_of, write_result


def test_a_result_is_read_back_equal(result: Result, tmp_path: Path) -> None:
    write_result(result, tmp_path / "results" / "latest.json")

    assert read_result(tmp_path / "results" / "latest.json") == result


@dataclass(frozen=True)
class OtherResult:
    """A result of another command."""

    schema: int
    kind: str
    speeds: tuple[float, ...]


def test_a_result_of_another_class_is_read_back_equal(tmp_path: Path) -> None:
    path, other = tmp_path / "other.json", OtherResult(7, "other", (1.5, 2.0))

    write_result(other, path)

    assert read_result_of(OtherResult, path, schema=7, command="bench other", kind="other") == other
    with pytest.raises(ResultFileError, match="is no result of bench more: write it again with bench more --output"):
        read_result_of(OtherResult, path, schema=7, command="bench more", kind="more")
    with pytest.raises(ResultFileError, match="is no result of session-bench:"):
        read_result(path)


def test_writing_replaces_the_file_and_leaves_nothing_beside_it(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    path.write_text("what was there before")

    write_result(result, path)

    assert read_result(path) == result
    assert list(tmp_path.iterdir()) == [path]


def test_writing_that_fails_keeps_what_was_there(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    path.mkdir()

    with pytest.raises(OSError, match=r"latest\.json"):
        write_result(result, path)

    assert list(tmp_path.iterdir()) == [path]


def test_the_file_has_the_top_level_that_others_rely_on(result: Result, tmp_path: Path) -> None:
    write_result(result, tmp_path / "latest.json")

    data = json.loads((tmp_path / "latest.json").read_text())

    assert {"schema", "created", "command", "duration_s", "machine", "libraries", "passes", "store"} <= set(data)
    assert {"workload", "serializer", "label", "verified", "bytes", "dumps", "loads", "ratio"} <= set(data["cases"][0])
    assert data["schema"] == 2
    assert data["cases"][1]["dumps"] == {"median": 21e-6, "low": 20e-6, "high": 22e-6}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "no JSON"),
        pytest.param("[" * 100_000, "no JSON", id="too deep"),
        ("[]", "no 'schema'"),
        ('{"benchmarks": []}', "no 'schema'"),
        ('{"schema": 1}', "schema 1 and this version reads 2"),
        ('{"schema": 2}', "result.created is missing"),
    ],
)
def test_what_is_no_result_is_refused_with_the_file_and_the_reason(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    path.write_text(text)

    with pytest.raises(ResultFileError, match=complaint) as refused:
        read_result(path)

    assert str(path) in str(refused.value)


def test_what_is_told_to_run_is_what_writes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text('{"schema": 1}')

    with pytest.raises(ResultFileError, match=r"or write it again with session-bench gate --update$"):
        read_result(path, again="session-bench gate --update")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda data: data.update(passes="many"), "result.passes should be of type int"),
        (
            lambda data: data["cases"][1]["dumps"].update(median="fast"),
            'result.cases.1..dumps.median should be a finite number, not "fast"',
        ),
        (lambda data: data.update(duration_s=float("nan")), "result.duration_s should be a finite number, not NaN"),
        (lambda data: data.update(confidence=float("inf")), "result.confidence should be a finite number, not Inf"),
        (lambda data: data.update(confidence=10**400), "result.confidence should be a finite number, not 1000"),
        (lambda data: data["cases"][1].update(outcome="splendid"), "result.cases.1..outcome should be one of verified"),
        (lambda data: data["cases"][1].update(verified=1), "result.cases.1..verified should be of type bool"),
        (lambda data: data["cases"].append(7), "result.cases.5. should be an object"),
        (lambda data: data.update(serializers={}), "result.serializers should be a list"),
        (lambda data: data.update(libraries=[]), "result.libraries should be an object"),
        (lambda data: data["machine"].pop("cpu"), "result.machine.cpu is missing"),
    ],
)
def test_a_damaged_result_is_refused_with_the_place(result: Result, tmp_path: Path, change, place: str) -> None:
    path = tmp_path / "latest.json"
    write_result(result, path)
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))

    with pytest.raises(ResultFileError, match=place):
        read_result(path)
