"""Check the members' transparency logs as somebody who believes none of them.

`judge` says in which order; what is fetched comes through `sources`, and counts for nothing before it was verified.
"""
