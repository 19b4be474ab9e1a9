"""Digests, trees, tokens and signature verification: everything that needs no key, no clock and no I/O."""
