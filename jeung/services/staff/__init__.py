"""Let members of staff in: their accounts, their sessions at the desk, and the trace of what they did."""

from jeung.services.staff.accounts import StaffAccountService
from jeung.services.staff.confirmation import StaffConfirmation
from jeung.services.staff.enrolments import EnrolmentCode, StaffEnroller, StaffEnrolmentService
from jeung.services.staff.federation import FederationRules, StaffFederation, link_identity
from jeung.services.staff.opening import LogIn, SessionRules, StaffMember
from jeung.services.staff.passkeys import StaffPasskeyService
from jeung.services.staff.sessions import StaffSessionService
from jeung.services.staff.terminals import StaffTerminals

__all__ = [
    "EnrolmentCode",
    "FederationRules",
    "LogIn",
    "SessionRules",
    "StaffAccountService",
    "StaffConfirmation",
    "StaffEnroller",
    "StaffEnrolmentService",
    "StaffFederation",
    "StaffMember",
    "StaffPasskeyService",
    "StaffSessionService",
    "StaffTerminals",
    "link_identity",
]
