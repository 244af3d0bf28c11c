"""Real agents that publish through Durable Streaming."""
