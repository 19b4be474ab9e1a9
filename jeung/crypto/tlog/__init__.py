"""Speak the formats of transparency logs: RFC 6962 trees, C2SP tiles, signed notes, checkpoints, cosignatures."""
