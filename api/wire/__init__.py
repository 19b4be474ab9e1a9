"""Describe requests and responses as pydantic models: strict on the way in, plain JSON on the way out."""
