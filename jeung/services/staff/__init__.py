"""Let members of staff in: their accounts, their sessions at the desk, and the trace of what they did."""

from jeung.services.staff.accounts import StaffAccountService
from jeung.services.staff.confirmation import StaffConfirmation
from jeung.services.staff.opening import LogIn, SessionRules, StaffMember
from jeung.services.staff.sessions import StaffSessionService

__all__ = ["LogIn", "SessionRules", "StaffAccountService", "StaffConfirmation", "StaffMember", "StaffSessionService"]
