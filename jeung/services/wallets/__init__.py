"""Hold the use cases of wallets that come to receive credentials (OpenID4VCI 1.0, HAIP 1.0)."""
