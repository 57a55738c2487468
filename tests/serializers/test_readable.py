"""What a plug-in says can be printed, written and stored, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from memcached_sessions.serializers.readable import readable, readable_error


@given(st.text(st.characters()))  # lone surrogates, too
def test_every_text_becomes_one_printable_line_of_utf_8(text: str) -> None:
    line = readable(text)

    assert line.isprintable()
    assert line.encode("utf-8").decode("utf-8") == line


@given(st.text("abc é€😀"))
def test_what_is_printable_is_not_changed(text: str) -> None:
    assert readable(text) == " ".join(text.split())


def test_an_error_whose_text_cannot_be_had_is_told_by_its_type() -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise SystemExit(3)

    assert readable_error(SilentError()).startswith(
        f"{SilentError.__qualname__}: {SilentError.__qualname__}, which cannot be told: its __str__ raises SystemExit"
    )
