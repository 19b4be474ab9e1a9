"""Hold Jeung's core: what credentials, attestations and verifications are, free of any input or output."""
