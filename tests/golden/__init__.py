"""Logs of schema version 1 with what must be derived from them; later versions must agree."""
