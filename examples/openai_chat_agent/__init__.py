"""An agent on OpenAI's chat completions, and whoever speaks them."""
