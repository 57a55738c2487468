"""What django-allauth keeps of a login under way. No settings of Django are asked for."""

# The library has no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeStubs=false

from allauth.account.app_settings import AppSettings

from .library_sample import LibrarySample

SAMPLES = [
    LibrarySample("email_verification", lambda: [*AppSettings.EmailVerificationMethod]),
]
