"""Be a holder's wallet without a screen, which knows the standards and nothing else of any server.

OpenID4VCI 1.0 and OpenID4VP 1.0 in the profile of HAIP 1.0, with RFC 9449 (DPoP), RFC 9126 (PAR), RFC 7636 (PKCE),
RFC 9207 (`iss`), attestation-based client authentication, SD-JWT VC and Token Status List. The one thing beside them
is `/relying-parties.jwt`, the consortium's list of who may ask for what. `wallet.HeadlessWallet` plays both flows
from end to end; each step is a function of its own, so that a test can do every one of them wrongly.
"""
