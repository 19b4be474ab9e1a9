"""Let processes of the node keep their memory to themselves; `keys.process` does it, only this room reaches keys."""

from keys.process import Hardening, harden

__all__ = ["Hardening", "harden"]
