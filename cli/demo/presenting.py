"""Have presentations judged: a back office asks, the phone answers over OpenID4VP, the back office looks."""

from typing import Any

from cli.demo.board import StepFailed
from cli.demo.catalogue import OPENING
from cli.demo.parties import Party
from cli.demo.wallet import Copy
from cli.wallet.errors import ServerRefused

JUDGED = ("verified", "refused")


def ask(verifier: Party, **wish: object) -> dict[str, Any]:
    """Make a presentation request under the verifier's profile for opening accounts; `wish` says more.

    Raises:
        Problem: its own node refuses to ask for that.
    """
    asked: dict[str, Any] = verifier.post("/v1/presentation-requests", {"profile": OPENING, "qr_code": False, **wish})
    return asked


def judged(verifier: Party, copy: Copy) -> dict[str, Any]:
    """Ask, and answer with a copy; give what became of the request: `state`, `code`, `credentials`.

    Raises:
        WalletError: the phone refuses, or the verifier cannot judge now (`retry_after_s`).
        StepFailed: the answer was none that could be judged.
    """
    asked = ask(verifier)
    try:
        copy.phone().present(asked["openid4vp_link"])
    except ServerRefused as refused:
        # A judgement that says no reaches the phone as a refusal, without its reason.
        if refused.status != 400:
            raise
    return result_of(verifier, asked)


def result_of(verifier: Party, asked: dict[str, Any]) -> dict[str, Any]:
    """Give what became of a request.

    Raises:
        StepFailed: it has not been judged.
    """
    result: dict[str, Any] = verifier.get(f"/v1/presentation-requests/{asked['request_id']}")
    if result["state"] not in JUDGED:
        raise StepFailed(f"{verifier.name} has not judged: {result['state']}")
    return result


def fresh_nonce(verifier: Party) -> str:
    """Get a nonce for one presentation that an app posts by itself."""
    return str(verifier.post("/v1/nonces", {"profile": OPENING})["nonce"])


def require_verified(verifier: Party, copy: Copy) -> dict[str, Any]:
    """Present a copy that must be accepted; give the claims the verifier saw.

    Raises:
        StepFailed: it was refused.
    """
    answer = judged(verifier, copy)
    if answer["state"] != "verified":
        raise StepFailed(f"{verifier.name} refused a good credential: {answer['code']}")
    claims: dict[str, Any] = answer["credentials"][0]["claims"]
    return claims
