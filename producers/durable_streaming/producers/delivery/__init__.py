"""From facts to acknowledged records: order, merging, memory bound, outcomes. No event loop."""
