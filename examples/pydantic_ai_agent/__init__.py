"""An agent of pydantic-ai, followed while it thinks, calls a tool and answers."""
