"""Objects of libraries for which `register` is no way out: the error says what is."""

from typing import Any

import pytest
from django.utils.functional import SimpleLazyObject
from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from memcached_sessions.serializers import ConverterRegistry, SerializationError, get_serializer
from memcached_sessions.serializers.survey import survey


class Rows(DeclarativeBase):
    pass


class Visitor(Rows):
    __tablename__ = "visitor"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def row() -> Any:
    """Return what a query returns."""
    with create_engine("sqlite://").connect() as connection:
        return connection.execute(text("SELECT 1 AS id, 'Ada' AS name")).one()


CASES: dict[str, tuple[Any, str]] = {
    "a mapped object": (Visitor(id=1, name="Ada"), "keep its primary key: SQLAlchemy maps it to a table"),
    "a row": (row(), "keep tuple(row) or dict(row._mapping)"),
    "a lazy object": (SimpleLazyObject(lambda: [1]), 'set custom_converters = ["django-models"]'),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["json", "compact", "pickle"])
def test_the_error_says_what_to_keep_instead_of_how_to_register(case: str, name: str) -> None:
    value, remedy = CASES[case]
    with pytest.raises(SerializationError) as caught:
        get_serializer(name, ConverterRegistry()).dumps({"it": value})
    assert caught.value.path == "it"
    assert caught.value.problem.endswith(remedy)
    assert "register(" not in caught.value.problem


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("fields", [None, ["id"]])
def test_its_class_cannot_be_registered_by_its_fields(case: str, fields: list[str] | None) -> None:
    """But by two functions."""
    value, remedy = CASES[case]
    registry = ConverterRegistry()
    with pytest.raises(ValueError, match="is not kept by its fields: ") as caught:
        registry.register(type(value), tag="shop.It", fields=fields)
    assert remedy in str(caught.value)
    registry.register(type(value), tag="shop.It", encode=lambda _: 1, decode=lambda plain: plain)
    assert registry.lower(value) == ("shop.It", 1)


@pytest.mark.parametrize("case", CASES)
def test_a_survey_finds_it_alone_and_shows_no_line_to_register(case: str) -> None:
    """Not what it is made of."""
    value, remedy = CASES[case]
    (finding,) = survey({"it": value}, ConverterRegistry()).findings
    assert finding.register is None
    assert finding.problem.endswith(remedy)
