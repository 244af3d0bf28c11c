"""An agent on OpenAI's Responses API."""
