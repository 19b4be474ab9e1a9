"""Speak HTTP for one member's node: parse strictly, call one service, render; no judgement of its own.

`app.create_app(runtime)` makes the WSGI application. `resources/` holds one blueprint per noun, `wire/` the models of
requests and responses, `operation.py` what every endpoint declares (scopes, limits, bounds, refusals) and enforces.
"""
