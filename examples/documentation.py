"""What the small agents look things up in: their one tool."""


def search(query: str) -> list[str]:
    """Search the documentation."""
    return [f"What the documentation says of {query}."]
