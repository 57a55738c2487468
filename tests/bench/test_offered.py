"""A comparison has a row of every serializer whose library is there, and no word of those whose is not."""

from without_libraries import run_without_libraries

from memcached_sessions.bench.offered import offered

LIST = "from memcached_sessions.bench.cli import main; main(['list'])"
OFFER = """
from memcached_sessions.bench.offered import offered
print(*offered())
print(*offered(["fory"]), offered(["fory"])["fory"].broken)
"""


def test_the_optional_serializers_are_rows_and_their_libraries_alone_are_others() -> None:
    """One name means one thing."""
    assert {"fory", "msgspec", "ormsgpack", "bare-msgspec", "bare-ormsgpack"} <= set(offered())
    labels = [label for info in offered().values() for label in info.variants]
    assert len(labels) == len(set(labels))
    assert "msgspec-json" in labels


def test_without_its_library_a_serializer_is_no_row_unless_it_is_asked_for() -> None:
    everything, with_fory = run_without_libraries(OFFER).splitlines()

    assert not {"fory", "msgspec", "ormsgpack"} & set(everything.split())
    assert "json" in everything.split()
    assert "fory" in with_fory.split()
    assert with_fory.endswith("pip install 'memcached-sessions[fory]'")


def test_the_list_says_what_to_install() -> None:
    (line,) = (each for each in run_without_libraries(LIST).splitlines() if each.split()[:1] == ["msgspec"])

    assert "not installed: No module named 'msgspec': pip install 'memcached-sessions[msgspec]'" in line
    assert "broken" not in line
