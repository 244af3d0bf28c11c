"""An agent that speaks AG-UI to its user's interface."""
