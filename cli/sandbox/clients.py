"""Make the keys of the sandbox's back offices: callers of the nodes' APIs, outside of any node's custody."""

import json
from pathlib import Path

from cli.p256 import P256Key
from cli.sandbox.layout import CLIENT_ID, MemberPlan, Sandbox, write_whole
from jeung.domain.access import Scope


def make_client(sandbox: Sandbox, member: MemberPlan) -> Path:
    """Make the key pair of a member's back office, once; give the public file that registers it with the node."""
    private_file = sandbox.client_key(member)
    public_file = private_file.with_suffix(".json")
    if not private_file.exists() or not public_file.exists():
        key = P256Key.generate()
        write_whole(private_file, key.pem, 0o600)
        client = {"client_id": CLIENT_ID, "jwk": key.jwk, "scopes": [scope.value for scope in Scope]}
        write_whole(public_file, json.dumps(client, indent=2) + "\n")
    return public_file
