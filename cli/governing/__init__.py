"""Govern from the command line: read, propose, vote, try, sign off line."""
