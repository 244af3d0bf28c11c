"""Processors: the pure fold of the log, and the Faust application that keeps its results."""
