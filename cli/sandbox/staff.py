"""Make the people at the sandbox's desks: random passwords in files of the sandbox's folder, for its owner alone."""

import base64
import json
import secrets
from pathlib import Path

from cli.sandbox.layout import MemberPlan, Sandbox, write_whole
from jeung.domain.members import Role
from jeung.domain.staff import StaffRole

_PASSWORD_BYTES = 15
_GROUP = 6


def make_staff(sandbox: Sandbox, member: MemberPlan) -> Path:
    """Write down who works at a member's desk, once; give the file that `jeung node init` reads."""
    file = sandbox.staff_file(member)
    if not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        people = [{"name": name, "roles": [role.value], "password": _password()} for name, role in _people(member)]
        write_whole(file, json.dumps(people, indent=2) + "\n", 0o600)
    return file


def _people(member: MemberPlan) -> list[tuple[str, StaffRole]]:
    """Give the names of a member's desk: what each is called says what each may do."""
    people = [("auditor", StaffRole.AUDITOR), ("approver", StaffRole.APPROVER), ("governor", StaffRole.GOVERNOR)]
    people.append(("custodian", StaffRole.KEY_CUSTODIAN))
    if Role.RELYING_PARTY in member.roles:
        people.insert(0, ("verifier", StaffRole.RELYING_PARTY_OFFICER))
    if Role.ISSUER in member.roles:
        people.insert(0, ("issuer", StaffRole.ISSUER_OFFICER))
    return people


def _password() -> str:
    """Make a password of 120 random bits that can be typed from a sheet: small letters and digits in groups."""
    text = base64.b32encode(secrets.token_bytes(_PASSWORD_BYTES)).decode("ascii").lower()
    return "-".join(text[begin : begin + _GROUP] for begin in range(0, len(text), _GROUP))
