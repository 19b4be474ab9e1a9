"""Errors of the ways in for a member's staff; `jeung.errors` has the tree they hang on.

Unauthenticated
├── EnrolmentRefused · PasskeyRefused  a code or an authenticator that does not let anybody in
└── ProviderRefused                    what the identity provider said lets nobody in
Forbidden
├── RecentAuthenticationRequired       who is logged in must prove it again first
└── TerminalCodeRefused                no terminal shows this code for who typed it
Conflict
└── LastWayIn                          removing this passkey would lock its owner out
Unavailable
└── ProviderUnavailable                the identity provider does not answer, or not as itself
"""

from jeung.errors.base import Conflict, Forbidden, Unauthenticated, Unavailable


class EnrolmentRefused(Unauthenticated, code="enrolment_refused"):
    """The code does not let this name add a passkey: another code, expired, used, or missed too often."""


class PasskeyRefused(Unauthenticated, code="passkey_refused"):
    """What the authenticator answered is not what was asked, or not by whom."""


class RecentAuthenticationRequired(Forbidden, code="recent_authentication_required"):
    """The act needs that whoever is logged in proved who he is a short while ago."""


class TerminalCodeRefused(Forbidden, code="terminal_code_refused"):
    """No terminal shows this code for who typed it, or no longer."""


class LastWayIn(Conflict, code="last_way_in"):
    """Without this passkey its owner could not log in any more."""


class ProviderRefused(Unauthenticated, code="provider_refused"):
    """What came back from the identity provider does not let anybody in."""


class ProviderUnavailable(Unavailable, code="provider_unavailable"):
    """The identity provider does not answer now, or not as the one it should be."""
