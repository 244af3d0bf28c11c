"""How much folding costs: this project's processors beside others, on the same records."""
