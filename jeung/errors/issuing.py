"""Define what the credential issuer's endpoints refuse (OpenID4VCI 1.0, sections 8.3.1.2, 9.3 and 11.3)."""

from __future__ import annotations

from jeung.errors.wallets import WalletError


class InvalidCredentialRequest(WalletError, code="invalid_credential_request"):
    """The credential request lacks a parameter, has one it must not have, or has another shape."""

    oauth_name = "invalid_credential_request"


class UnknownCredentialConfiguration(InvalidCredentialRequest, code="unknown_credential_configuration"):
    """There is no such credential configuration, or the access token does not allow it."""

    oauth_name = "unknown_credential_configuration"


class UnknownCredentialIdentifier(InvalidCredentialRequest, code="unknown_credential_identifier"):
    """The access token did not come with this credential identifier."""

    oauth_name = "unknown_credential_identifier"


class InvalidKeyProof(InvalidCredentialRequest, code="invalid_key_proof"):
    """The proof that the wallet holds its keys is missing or not good."""

    oauth_name = "invalid_proof"


class UntrustedKeyAttestation(InvalidKeyProof, code="untrusted_key_attestation"):
    """No wallet provider that the consortium trusts now signed the key attestation."""

    oauth_name = "invalid_proof"


class InvalidProofNonce(InvalidCredentialRequest, code="invalid_proof_nonce"):
    """The nonce of a key proof is not one of ours, has expired, or was used before."""

    oauth_name = "invalid_nonce"


class InvalidEncryptionParameters(InvalidCredentialRequest, code="invalid_encryption_parameters"):
    """The answer cannot be encrypted as it was asked for, or the request that asks for it came unencrypted."""

    oauth_name = "invalid_encryption_parameters"


class CredentialRequestDenied(InvalidCredentialRequest, code="credential_request_denied"):
    """The credential will not be issued, however often it is asked for."""

    oauth_name = "credential_request_denied"


class InvalidTransactionId(InvalidCredentialRequest, code="invalid_transaction_id"):
    """There is no such deferred issuance under this access token, or its credentials were handed out already."""

    oauth_name = "invalid_transaction_id"


class InvalidNotificationRequest(WalletError, code="invalid_notification_request"):
    """The notification lacks a parameter, or its event does not exist."""

    oauth_name = "invalid_notification_request"


class InvalidNotificationId(InvalidNotificationRequest, code="invalid_notification_id"):
    """No answer to this access token had this notification id."""

    oauth_name = "invalid_notification_id"
