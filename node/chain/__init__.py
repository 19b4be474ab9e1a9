"""Speak to the chain: JSON-RPC, the embedded Anvil, deployment, sending transactions, following events."""
