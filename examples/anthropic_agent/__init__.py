"""An agent on Anthropic's Messages API."""
