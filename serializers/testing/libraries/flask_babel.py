"""Lazy strings of Flask-Babel, which come back as text."""

from flask_babel.speaklater import LazyString

from .library_sample import LibrarySample


def _changed(original: object, loaded: object) -> str:
    return "" if type(loaded) is str and loaded == str(original) else f"{original!r} became {loaded!r}"


SAMPLES = [LibrarySample("lazy_string", lambda: LazyString("{}!".format, "käse"), _changed)]
