"""What publishing costs: the SDK beside loops that do less."""
