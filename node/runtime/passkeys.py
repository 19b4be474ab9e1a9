"""Judge answers of authenticators with py_webauthn (jeung.ports.passkeys.PasskeyVerifier).

The library verifies what sections 7.1 and 7.2 of WebAuthn level 3 list, but two things: it passes over `crossOrigin`,
and its own check of the counter leaves nothing to decide. Both are done here and in the core. What it may raise on
bytes that strangers chose is not documented, so whatever it raises is a refusal.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import decode_credential_public_key
from webauthn.helpers.structs import CredentialDeviceType

from jeung.domain.passkeys import ALGORITHMS
from jeung.errors.staff import PasskeyRefused
from jeung.ports.passkeys import ClaimedAssertion, NewPasskey, VerifiedAssertion

_MAX_CREDENTIAL_ID_BYTES = 1_023
_ALGORITHMS = [COSEAlgorithmIdentifier(number) for number in ALGORITHMS]


class WebauthnVerifier:
    """Verify for one origin, that of the node's URL, and its host as the RP ID."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._rp_id = parts.hostname or ""
        self._origin = f"{parts.scheme}://{parts.netloc}"

    @property
    def rp_id(self) -> str:
        """Give the RP ID: the host of this node's URL."""
        return self._rp_id

    def claimed_challenge(self, response: str) -> bytes:
        """Give the challenge that an answer of either kind claims to answer.

        Raises:
            PasskeyRefused: it is not of the form the specification gives.
        """
        try:
            client_data = json.loads(base64url_to_bytes(json.loads(response)["response"]["clientDataJSON"]))
            return base64url_to_bytes(client_data["challenge"])
        except Exception:
            raise PasskeyRefused from None

    def claimed(self, response: str) -> ClaimedAssertion:
        """Read an assertion without believing it.

        Raises:
            PasskeyRefused: it is not of the form the specification gives.
        """
        try:
            parsed = parse_authentication_credential_json(response)
            challenge = parse_client_data_json(parsed.response.client_data_json).challenge
        except Exception:
            raise PasskeyRefused from None
        return ClaimedAssertion(parsed.raw_id, parsed.response.user_handle, challenge)

    def verify_registration(self, response: str, challenge: bytes) -> NewPasskey:
        """Verify the answer to `navigator.credentials.create`.

        Raises:
            PasskeyRefused: it is not what was asked.
        """
        _refuse_foreign_frames(response)
        try:
            made = webauthn.verify_registration_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=[self._origin],
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            algorithm = int(decode_credential_public_key(made.credential_public_key).alg)
        except Exception:
            raise PasskeyRefused from None
        if len(made.credential_id) > _MAX_CREDENTIAL_ID_BYTES:
            raise PasskeyRefused
        return NewPasskey(
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            algorithm=algorithm,
            sign_count=made.sign_count,
            aaguid=made.aaguid,
            backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=made.credential_backed_up,
        )

    def verify_assertion(self, response: str, challenge: bytes, public_key: bytes) -> VerifiedAssertion:
        """Verify the answer to `navigator.credentials.get`; the counter is the caller's to judge.

        Raises:
            PasskeyRefused: it is not what was asked.
        """
        _refuse_foreign_frames(response)
        try:
            seen = webauthn.verify_authentication_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=[self._origin],
                credential_public_key=public_key,
                # The core compares: it must note a counter that went back, not only refuse it.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except Exception:
            raise PasskeyRefused from None
        return VerifiedAssertion(
            sign_count=seen.new_sign_count,
            backup_eligible=seen.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=seen.credential_backed_up,
        )


def _refuse_foreign_frames(response: str) -> None:
    """Refuse an answer that was asked for in a frame below another origin: no page of ours is framed.

    Raises:
        PasskeyRefused: `crossOrigin` is anything but false or absent, or there is a `topOrigin`.
    """
    try:
        client_data: Any = json.loads(base64url_to_bytes(json.loads(response)["response"]["clientDataJSON"]))
        foreign = client_data.get("crossOrigin", False) is not False or "topOrigin" in client_data
    except Exception:
        raise PasskeyRefused from None
    if foreign:
        raise PasskeyRefused
