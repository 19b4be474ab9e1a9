"""A wallet with an access token, in front of one node's HTTP skin."""

import secrets
from typing import Any

from werkzeug.test import TestResponse

from jeung.crypto.hashing import sha256
from jeung.domain.wallets import WalletGrant
from tests.common.dpop import DpopKey
from tests.common.key_proofs import Device
from tests.common.rows_wallets import grant
from tests.unit.api.parts import PERSON, URL
from tests.unit.api.world import World

CONFIGURATION = "real-name-1"


class Phone:
    """Hold a token for a proofing of the world's bank; with `bound`, under a DPoP key."""

    def __init__(self, world: World, *, bound: bool = True, opened: bool = False, **changes: Any) -> None:  # noqa: ANN401
        self.world, self.http, self.clock = world, world.http, world.clock
        self.dpop = DpopKey() if bound else None
        self.token = secrets.token_urlsafe(32)
        proofing_id = world.node.proofings.open(PERSON).proofing_id if opened else world.proofed()
        self.proofing_id = proofing_id
        values: dict[str, Any] = {
            "token_hash": sha256(self.token.encode()),
            "proofing_id": proofing_id,
            "subject_id": world.node.proofings.get(proofing_id).subject_id,
            "configuration_ids": (CONFIGURATION,),
            "credential_identifiers": (),
            "client_id": None,
            "dpop_jkt": self.dpop.jkt if self.dpop else None,
            "issued_at": self.clock.now(),
            "expires_at": self.clock.now() + 300,
        }
        self.grant: WalletGrant = grant(secrets.randbits(60), **{**values, **changes})
        with world.database.write() as tables:
            tables.grants[self.grant.grant_id] = self.grant

    def nonce(self) -> str:
        """Fetch a nonce for key proofs."""
        answer = self.http.post("/oid4vci/nonce")
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["c_nonce"])

    def headers(self, path: str, **claims: Any) -> dict[str, str]:  # noqa: ANN401 - claims of the DPoP proof
        """Show the token, with a fresh proof of its key where it has one."""
        if self.dpop is None:
            return {"Authorization": f"Bearer {self.token}"}
        nonce = self.http.post("/oid4vci/nonce").headers["DPoP-Nonce"]
        values = {"at": self.clock.now(), "nonce": nonce, "token": self.token, **claims}
        return {"Authorization": f"DPoP {self.token}", "DPoP": self.dpop.proof("POST", URL + path, **values)}

    def post(self, path: str, body: object = None, **arguments: Any) -> TestResponse:  # noqa: ANN401 - of Werkzeug
        """Send a request with the token."""
        given = {"json": body} if body is not None else {}
        return self.http.post(path, headers=self.headers(path), **given, **arguments)

    def proofs(self, *devices: Device, nonce: str | None = None) -> dict[str, Any]:
        """Prove device keys."""
        nonce = nonce or self.nonce()
        return {"jwt": [device.proof(URL, nonce=nonce, at=self.clock.now()) for device in devices]}

    def request(self, *devices: Device, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Write a credential request."""
        proofs = self.proofs(*(devices or (Device(),)))
        return {"credential_configuration_id": CONFIGURATION, "proofs": proofs, **members}

    def receive(self, *devices: Device) -> dict[str, Any]:
        """Get credentials."""
        answer = self.post("/oid4vci/credential", self.request(*devices))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.get_json()
        return body
