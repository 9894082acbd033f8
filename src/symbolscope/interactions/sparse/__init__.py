"""Sparse AND-OR models of games with many players, learned from sampled masks."""
