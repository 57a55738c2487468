"""What django-allauth keeps of a login that is under way and is no plain data: how the address is to be verified."""

# The library is an extra:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from ..registry import ConverterRegistry


def register_converters(registry: ConverterRegistry) -> None:
    """Register it once django-allauth's settings of accounts are imported."""
    registry.when_imported("allauth.account.app_settings", _register)


def _register(registry: ConverterRegistry) -> None:
    from allauth.account.app_settings import AppSettings  # noqa: PLC0415 - it was imported

    registry.register(AppSettings.EmailVerificationMethod, tag="allauth.EmailVerificationMethod")
