"""An independent second opinion on the protocol: slow, plain, written from its words alone."""
