"""State what the core needs of the world, as Protocols; the node brings the real parts, tests bring honest fakes."""
