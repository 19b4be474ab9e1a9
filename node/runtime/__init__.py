"""Compose a node: the only place where its settings, keys, database, chain and services meet."""
