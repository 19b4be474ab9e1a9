"""Errors of the ways in for a member's staff; `jeung.errors` has the tree they hang on.

Unauthenticated
└── EnrolmentRefused · PasskeyRefused  a code or an authenticator that does not let anybody in
Forbidden
└── RecentAuthenticationRequired       who is logged in must prove it again first
Conflict
└── LastWayIn                          removing this passkey would lock its owner out
"""

from jeung.errors.base import Conflict, Forbidden, Unauthenticated


class EnrolmentRefused(Unauthenticated, code="enrolment_refused"):
    """The code does not let this name add a passkey: another code, expired, used, or missed too often."""


class PasskeyRefused(Unauthenticated, code="passkey_refused"):
    """What the authenticator answered is not what was asked, or not by whom."""


class RecentAuthenticationRequired(Forbidden, code="recent_authentication_required"):
    """The act needs that whoever is logged in proved who he is a short while ago."""


class LastWayIn(Conflict, code="last_way_in"):
    """Without this passkey its owner could not log in any more."""
