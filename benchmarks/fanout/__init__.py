"""Delivery to many viewers: this project's gateway beside others, on the same records."""
