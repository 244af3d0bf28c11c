"""`durable up`: start broker, processors and gateways, keep them running, stop them in order."""
