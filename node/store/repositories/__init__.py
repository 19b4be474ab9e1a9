"""Implement the repositories of one transaction over the tables of node.store.schema."""
