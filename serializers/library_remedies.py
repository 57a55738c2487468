"""Objects that libraries tie to a database or a request: what to keep of them in a session, since their fields are not
what they are.

Registered by their fields they would come back broken, or bring along what has no place in memcached: a model of Django
its password hash. Invariant: nothing is imported; a class is known by the names of those that it is made from.
"""

_DJANGO_MODELS = 'set custom_converters = ["django-models"]'
_REMEDIES = {
    "django.db.models.base.Model": f"keep its primary key, or {_DJANGO_MODELS} to keep a reference to its row",
    "django.db.models.base.ModelState": "keep the primary key of the model that it belongs to",
    "django.db.models.query.QuerySet": "keep a list of primary keys, or list(queryset.values(...))",
    "django.utils.functional.LazyObject": (
        f"keep what you need of the object that it stands for; if that is a model, as request.user, {_DJANGO_MODELS}"
    ),
    "sqlalchemy.engine.row.Row": "keep tuple(row) or dict(row._mapping)",
    "sqlalchemy.engine.row.RowMapping": "keep dict(mapping)",
    "sqlalchemy.orm.state.InstanceState": "keep the primary key of the object that it belongs to",
}
_OF_MAPPED = "keep its primary key: SQLAlchemy maps it to a table"


def library_remedy(cls: type) -> str | None:
    """Return what to keep instead of an instance of a class that belongs to a library; None for any other class.

    >>> Model = type("Model", (), {"__module__": "django.db.models.base"})
    >>> library_remedy(type("Order", (Model,), {}))
    'keep its primary key, or set custom_converters = ["django-models"] to keep a reference to its row'
    >>> library_remedy(dict) is None
    True
    """
    if any("_sa_class_manager" in vars(base) for base in cls.__mro__):
        return _OF_MAPPED
    names = (f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__)
    return next((_REMEDIES[name] for name in names if name in _REMEDIES), None)
