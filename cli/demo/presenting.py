"""Have presentations judged over HTTP: a nonce from the verifier's back office, a presentation from the phone."""

from collections.abc import Collection
from typing import Any

from cli.demo.board import StepFailed
from cli.demo.catalogue import OPENING, SHOWN
from cli.demo.parties import CLOCK, Party
from cli.demo.wallet import Copy


def judged(
    verifier: Party, copy: Copy, claims: Collection[str] = SHOWN, *, nonce: str | None = None
) -> dict[str, Any]:
    """Present a copy to a verifier; give its judgement.

    Raises:
        Problem: the verifier cannot judge now, or the presentation has no shape that could be judged.
    """
    if nonce is None:
        nonce = fresh_nonce(verifier)
    presentation = copy.present(claims, audience=verifier.base_url, nonce=nonce, now=CLOCK.now())
    answer: dict[str, Any] = verifier.post("/v1/verifications", {"presentation": presentation, "nonce": nonce})
    return answer


def fresh_nonce(verifier: Party) -> str:
    """Get a nonce for one presentation."""
    return str(verifier.post("/v1/nonces", {"profile": OPENING})["nonce"])


def require_verified(verifier: Party, copy: Copy) -> dict[str, Any]:
    """Present a copy that must be accepted; give the claims the verifier saw.

    Raises:
        StepFailed: it was refused.
    """
    answer = judged(verifier, copy)
    if answer["result"] != "verified":
        raise StepFailed(f"{verifier.name} refused a good credential: {answer['code']}")
    claims: dict[str, Any] = answer["claims"]
    return claims
