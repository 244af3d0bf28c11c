"""Measurements and long proofs: what `make bench-fold` and the nightly runs call."""
