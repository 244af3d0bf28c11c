"""Generated logs: runs as agents mean them, the trouble they meet, records that are no events."""
